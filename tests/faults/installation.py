"""A whole installation in one folder, of which every part can be stopped, killed and started again."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psycopg
import redis

from config import children, embedded, postgres
from config.places import REPOSITORY, log_folder, make_data_folder

POLL_SECONDS = 0.05
START_SECONDS = 120.0
FAKETIME = "libfaketime.so.1"
QUEUES = "analysis,analysis-housekeeping"


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon the installation notices that something was lost, in seconds."""

    lease: int = 3
    heartbeat: float = 1.0
    sweep: float = 1.0
    resend: float = 2.0
    doomed: int = 4
    tidy: float = 2.0

    def environment(self) -> dict[str, str]:
        """The same as settings."""
        return {
            "LEASE_SECONDS": str(self.lease),
            "HEARTBEAT_SECONDS": str(self.heartbeat),
            "SWEEP_SECONDS": str(self.sweep),
            "RESEND_SECONDS": str(self.resend),
            "DOOMED_FILE_SECONDS": str(self.doomed),
            "TIDY_SECONDS": str(self.tidy),
        }


PRODUCTION = Pace(lease=60, heartbeat=10.0, sweep=30.0, resend=60.0, doomed=3600, tidy=3600.0)


@dataclass
class Program:
    """A program that is started again whenever it ends, as a supervisor would."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0


@dataclass
class Installation:
    """PostgreSQL, Redis, a web server, two workers and beat, in ``folder``.

    Everything here runs in the main thread: the kernel ends a program when the thread that started it ends.
    """

    folder: Path
    pace: Pace
    programs: dict[str, Program] = field(default_factory=dict)
    port: int = 0
    _postgres: subprocess.Popen[bytes] | None = None
    _redis: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        make_data_folder(self.folder)
        for name in ("orders", "media"):
            (self.folder / name).mkdir(exist_ok=True)
        self.port = _free_port()

    @property
    def environment(self) -> dict[str, str]:
        """The settings of every program here."""
        return {
            "UNDERTONE_ENV": "test",
            "UNDERTONE_DATA": str(self.folder),
            "DATABASE_URL": postgres.url(self.folder),
            "DATABASE_OWNER_URL": postgres.owner_url(self.folder),
            "REDIS_URL": embedded.redis_url(self.folder),
            "QUEUE": "analysis",
            "MEDIA_ROOT": str(self.folder / "media"),
            "FAULTS_ORDERS": str(self.folder / "orders"),
            "WORKER_CONCURRENCY": "1",
            "LOG_LEVEL": "INFO",
            "OMP_WAIT_POLICY": "PASSIVE",
            **self.pace.environment(),
        }

    def start_servers(self) -> None:
        """Start PostgreSQL and Redis."""
        self.start_postgres()
        self.start_redis()

    def start_programs(self) -> None:
        """Start everything else, and wait until the web server answers and both workers are ready."""
        web = (
            "uvicorn",
            "tests.faults.web:application",
            f"--port={self.port}",
            "--lifespan=off",
            "--log-level=warning",
        )
        self.add("web", *web)
        for name in ("worker-a", "worker-b"):
            self.add_worker(name)
        self.add_beat("beat")
        self.wait(self.web_answers, "the web server")
        self.wait(lambda: self.workers_ready() >= 2, "the workers")

    def add(self, name: str, *command: str, environment: dict[str, str] | None = None) -> Program:
        """Start the Python module ``command`` and keep it running."""
        program = Program(name, (sys.executable, "-m", *command), environment or {})
        self.programs[name] = program
        self._start(program)
        return program

    def add_worker(self, name: str, environment: dict[str, str] | None = None) -> Program:
        """Start a worker with probes, of one child."""
        options = ("-A", "tests.faults.app", "worker", "-P", "prefork", "-n", f"{name}@%h", "-Q", QUEUES, "-l", "INFO")
        return self.add(name, "celery", *options, environment=environment)

    def add_beat(self, name: str) -> Program:
        """Start a beat with a memory of its own."""
        return self.add(name, "celery", "-A", "config", "beat", "-s", str(self.folder / name))

    def remove(self, name: str) -> None:
        """Stop a program for good."""
        program = self.programs.pop(name)
        if program.process is not None:
            children.stop(program.process, signal.SIGTERM, patience=15.0)

    def tend(self) -> None:
        """Start again what has ended."""
        for program in self.programs.values():
            if program.process is None or program.process.poll() is not None:
                self._start(program)

    def wait(self, ready: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
        """Tend everything until ``ready()``. Raises ``TimeoutError``."""
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not in {seconds:g} seconds")
            self.tend()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End everything."""
        for name in list(self.programs):
            program = self.programs.pop(name)
            if program.process is not None:
                children.stop(program.process)
        self.stop_redis()
        self.stop_postgres()

    # --- PostgreSQL and Redis

    def start_postgres(self) -> None:
        """Start PostgreSQL, where it left off."""
        postgres.prepare(self.folder)
        self._postgres = postgres.spawn(self.folder, durable=False)
        postgres.complete(self._postgres, self.folder)

    def stop_postgres(self) -> None:
        """Stop PostgreSQL; its connections are ended and what was not committed is undone."""
        if self._postgres is not None:
            postgres.stop(self._postgres, self.folder)
            self._postgres = None

    def terminate_connections(self) -> None:
        """End every connection to the database but this one."""
        with psycopg.connect(postgres.owner_url(self.folder), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def start_redis(self) -> None:
        """Start an empty Redis."""
        self._redis = embedded.spawn_redis(self.folder)
        embedded.wait_for_redis(self._redis, self.folder)

    def stop_redis(self) -> None:
        """Kill Redis with all that it holds."""
        if self._redis is not None:
            children.stop(self._redis)
            self._redis = None
            embedded.redis_socket(self.folder).unlink(missing_ok=True)

    def freeze_redis(self) -> None:
        """Let Redis stand still: it is there, and answers nothing."""
        assert self._redis is not None
        self._redis.send_signal(signal.SIGSTOP)

    def thaw_redis(self) -> None:
        """Let it go on."""
        assert self._redis is not None
        self._redis.send_signal(signal.SIGCONT)

    def redis(self) -> redis.Redis:
        """A client of the broker."""
        return redis.Redis(unix_socket_path=str(embedded.redis_socket(self.folder)), socket_timeout=5)

    # --- Questions

    def web_answers(self) -> bool:
        """Whether the web server serves a page that needs the database."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/sign-in/")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def workers_ready(self) -> int:
        """How many workers have their model loaded."""
        from inference.models import Worker

        return Worker.objects.ready().count()

    @contextmanager
    def full_disk(self, name: str) -> Iterator[None]:
        """Inside, the kernel lets a program make no file of more than a few KiB, as where no room is left."""
        process = self.programs[name].process
        assert process is not None
        soft, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (8192, hard))
        try:
            yield
        finally:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (soft, hard))

    def _start(self, program: Program) -> None:
        program.starts += 1
        program.process = children.spawn(
            program.command,
            log=log_folder(self.folder) / f"{program.name}.log",
            orphaned=signal.SIGKILL,
            environment=os.environ | self.environment | program.environment,
            folder=REPOSITORY,
        )


def clock_off(hours: float) -> dict[str, str]:
    """Surroundings of a program whose clock is wrong (libfaketime). Raises ``FileNotFoundError``."""
    library = next(Path("/usr/lib").glob(f"**/faketime/{FAKETIME}"), None)
    if library is None:
        raise FileNotFoundError("Please install faketime (on Debian and Ubuntu: the package faketime).")
    return {"LD_PRELOAD": str(library), "FAKETIME": f"{hours:+g}h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
