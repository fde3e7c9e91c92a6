"""The demonstration: a whole clinic on one machine, with everything it needs started and stopped here."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from signal import SIGKILL, SIGQUIT, SIGTERM

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from config import embedded, postgres
from config.embedded import REPOSITORY, EmbeddedServices
from config.places import log_folder, make_data_folder
from config.supervisor import Program, ProgramEnded, Stopped, Supervisor, Wish, is_child_of, stoppable
from inference.models import AnalysisJob, Worker
from sessions_app import files, storage, voices
from sessions_app.demo import people, seed

READY_SECONDS = 120.0
POLL_SECONDS = 0.1
FOLLOW_SECONDS = 0.5
WILDCARDS = {"0.0.0.0", "::", ""}  # noqa: S104 - compared with, not bound to
OURS = (
    "access-log-anchors",
    "beat-schedule*",
    "demo.lock",
    "log",
    "master_key*",
    "media",
    "postgres",
    "postgres.new",
    "redis",
    "secret_key*",
    "starting.lock",
)
"""What Undertone puts into a data folder (patterns), and so what starting over deletes."""


class CannotStart(Exception):
    """Why the demonstration cannot start; the message is one plain sentence that says what to do."""


@dataclass
class Demo:
    """One run of the demonstration on ``host``:``port``."""

    host: str
    port: int
    folder: Path
    _began: float = field(default_factory=time.monotonic)
    _waiting: int = 0
    _wish: Wish = field(default_factory=Wish)

    def run(self) -> None:
        """Start everything, say where it is, and follow it until somebody stops it. Raises `CannotStart`."""
        with stoppable() as self._wish:
            try:
                with alone_in(self.folder):
                    require_free_port(self.host, self.port)
                    self._live(EmbeddedServices(self.folder), self._supervisor())
            except (Stopped, Exception):
                if not self._wish.made:
                    raise
        print("Stopped. The data is kept; 'make demo' picks it up, 'make demo-reset' deletes it.")

    def _live(self, services: EmbeddedServices, supervisor: Supervisor) -> None:
        logging.disable(logging.INFO)
        try:
            self._start(services, supervisor)
            self._follow(services, supervisor)
        except ProgramEnded as ended:
            raise CannotStart(f"{ended}\nEverything else is being stopped too.") from ended
        finally:
            if self._wish.made:
                print("\nStopping ...", flush=True)
            self._stop(services, supervisor)

    def _supervisor(self) -> Supervisor:
        hosts = [*settings.ALLOWED_HOSTS, "*" if self.host in WILDCARDS else _bracketed(self.host)]
        environment = {**os.environ, "ALLOWED_HOSTS": ",".join(hosts), "UNDERTONE_DATA": str(self.folder.resolve())}
        return Supervisor(logs=log_folder(self.folder), environment=environment, folder=REPOSITORY)

    def _start(self, services: EmbeddedServices, supervisor: Supervisor) -> None:
        print("Starting PostgreSQL and Redis ...", flush=True)
        services.start()
        # The web server needs no tables to load, so it loads while they are made.
        supervisor.start(web(self.host, self.port))
        print("Preparing the synthetic clinic ...", flush=True)
        prepare(log_folder(self.folder) / "setup.log")
        self._waiting = AnalysisJob.objects.open().count()
        print("Starting the web server and the analysis worker ...", flush=True)
        worker_id = supervisor.start(worker())
        self._wait(supervisor, worker_id)
        # Nobody waits for the clock, so it does not take the worker's time to load.
        supervisor.start(beat())

    def _wait(self, supervisor: Supervisor, worker_id: int) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not ((row := worker_row(worker_id)) and page_answers(self.host, self.port)):
            self._wish.check()
            supervisor.check()
            if time.monotonic() > deadline:
                raise CannotStart(f"It was not ready within {READY_SECONDS:.0f} s. The logs are in {supervisor.logs}.")
            time.sleep(POLL_SECONDS)
        print(self._welcome(time.monotonic() - self._began), flush=True)
        if row.problem:
            print(f"  No recording can be analysed: {row.problem}\n", flush=True)

    def _welcome(self, seconds: float) -> str:
        shown = "127.0.0.1" if self.host in WILDCARDS else _bracketed(self.host)
        logins = [f"    {login.role:<10} {login.email:<36} {login.password}" for login in people.LOGINS]
        return "\n".join(
            [
                "",
                f"  Undertone is ready in {seconds:.1f} s:  http://{shown}:{self.port}/",
                "",
                "  Everybody in this clinic is synthetic. Sign in as:",
                *logins,
                "",
                f"  Logs: {log_folder(self.folder)}    Stop: Ctrl-C    Start over: make demo-reset",
                "",
            ]
        )

    def _follow(self, services: EmbeddedServices, supervisor: Supervisor) -> None:
        began, waiting = time.monotonic(), self._waiting
        if waiting:
            few = "1 recording is" if waiting == 1 else f"{waiting} recordings are"
            print(f"  {few} being analysed; the charts fill as you watch.", flush=True)
        while True:
            self._wish.check()
            supervisor.check()
            stopped = services.stopped_server()
            if stopped:
                raise ProgramEnded(f"{stopped} has stopped. Its log is in {log_folder(self.folder)}.")
            if waiting and not AnalysisJob.objects.open().exists():
                print(
                    f"  All {waiting} recordings were worked through in {time.monotonic() - began:.0f} s.", flush=True
                )
                waiting = 0
            time.sleep(FOLLOW_SECONDS)

    def _stop(self, services: EmbeddedServices, supervisor: Supervisor) -> None:
        # In this order, whatever fails: an interrupted migration may leave a connection that cannot be closed.
        with ExitStack() as last:
            last.callback(storage.discard_unfinished)
            last.callback(services.stop)
            last.callback(connection.close)
            supervisor.stop()


def web(host: str, port: int) -> Program:
    """The web server."""
    options = ("--host", host, "--port", str(port), "--lifespan", "off", "--no-access-log", "--log-level", "info")
    graceful = ("--timeout-graceful-shutdown", "3")
    return Program(
        name="web", command=(sys.executable, "-m", "uvicorn", "config.asgi:application", *options, *graceful)
    )


def worker() -> Program:
    """The analysis worker. It may finish what it has in hand; if that takes long, it is told to drop it."""
    options = ("--loglevel", "INFO", "--without-gossip", "--without-mingle")
    return Program(
        name="worker",
        command=(sys.executable, "-m", "celery", "-A", "config", "worker", *options),
        stop_with=(SIGTERM, SIGQUIT),
        orphaned=SIGKILL,
        patience=8.0,
    )


def beat() -> Program:
    """The clock that sends waiting jobs again."""
    return Program(name="beat", command=(sys.executable, "-m", "celery", "-A", "config", "beat", "--pidfile="))


def prepare(log: Path) -> None:
    """Bring the database up to date and make the synthetic clinic if it is not there yet."""
    with log.open("w") as output:
        call_command("migrate", interactive=False, stdout=output, stderr=output)
    storage.discard_unfinished()
    voices.voices_tidy()
    files.tidy()
    seed.seed()


def worker_row(worker_id: int) -> Worker | None:
    """What a child of the worker ``worker_id`` said when its model was loaded or refused; ``None`` before that."""
    rows = Worker.objects.alive().filter(host=socket.gethostname())
    return next((row for row in rows if is_child_of(row.pid, worker_id)), None)


def page_answers(host: str, port: int) -> bool:
    """Whether the sign-in page is served."""
    page = HTTPConnection("127.0.0.1" if host in WILDCARDS else host, port, timeout=10)
    try:
        page.request("GET", reverse(settings.LOGIN_URL))
        return page.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        page.close()


def require_free_port(host: str, port: int) -> None:
    """Raise `CannotStart` if nothing can listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # Without it, a connection that was closed a moment ago would still hold the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CannotStart(_why_not(host, port, error.errno)) from error


def _why_not(host: str, port: int, number: int | None) -> str:
    if number == errno.EADDRINUSE:
        return f"Port {port} is already in use. Please stop what uses it, or choose another: make demo PORT={port + 1}"
    if number == errno.EACCES:
        return f"Port {port} is for the system administrator only. Please choose one above 1023: make demo PORT=8000"
    return f"'{host}' is no address of this machine. Please use 127.0.0.1, or 0.0.0.0 for all of its addresses."


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process alone. Raises `CannotStart` if another demonstration has it.

    Raises `ServiceUnavailable` if it cannot be written to.
    """
    make_data_folder(folder)
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"A demonstration is already running with the data in {folder}. Please stop it first (Ctrl-C)."
            raise CannotStart(message) from error
        yield


def reset(folder: Path) -> None:
    """Delete what Undertone has put into ``folder``. Raises `CannotStart` while it is in use."""
    with alone_in(folder):
        if embedded.running(folder):
            raise CannotStart(f"Another command is using the data in {folder}. Please stop it first.")
        for path in (path for pattern in OURS for path in folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        postgres.delete_lodging(folder)
    if not any(folder.iterdir()):
        folder.rmdir()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
