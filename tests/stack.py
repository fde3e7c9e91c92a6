"""A real web server and a real worker on a database of their own, as separate processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import psycopg
from psycopg import sql

REPOSITORY = Path(__file__).resolve().parents[1]
START_SECONDS = 90.0


@dataclass
class Stack:
    """The processes, where they answer, and the ids of the world that was made for them."""

    folder: Path
    environment: dict[str, str]
    database: str = "undertone_browser"
    address: str = ""
    world: dict[str, Any] = field(default_factory=dict)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Make the database and its world, then start server and worker and wait until both are ready."""
        self.make_database()
        port = _free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._spawn("web", "uvicorn", "config.asgi:application", f"--port={port}", "--lifespan=off")
        self._spawn_worker()
        self.world = json.loads(self.run("-m", "tests.browser.seed"))
        _wait("the web server", self._web_answers, self._logs)
        _wait("the worker", self._worker_is_ready, self._logs)

    def make_database(self) -> None:
        """Make the database and its tables."""
        self.environment |= new_database(self.database)
        self._manage("migrate", "--verbosity=0")

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it is ready; its main process."""
        worker = self._spawn_worker()
        _wait("the worker", self._worker_is_ready, self._logs)
        return worker

    def start_beat(self) -> None:
        """Start the clock of the periodic tasks, whose times are kept in the stack's own folder."""
        self._spawn_celery("beat", "--schedule", str(self.folder / "beat-schedule"))

    def written(self) -> dict[str, str]:
        """All that the processes have written, by their names."""
        return {log.stem: log.read_text(errors="replace") for log in sorted(self.folder.glob("*.log"))}

    def ask(self, query: str) -> tuple[Any, ...] | None:
        """The first row that ``query`` finds."""
        with psycopg.connect(self.environment["DATABASE_OWNER_URL"]) as connection:
            return connection.execute(sql.SQL(query)).fetchone()  # type: ignore[arg-type]

    def stop(self) -> None:
        """End both processes, and the database with them."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
        drop_database(self.database)

    def _spawn_worker(self) -> subprocess.Popen[bytes]:
        return self._spawn_celery("worker", "-P", "prefork", "--concurrency=1")

    def _spawn_celery(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        # Celery sets a level of its own, whatever the settings say.
        level = f"--loglevel={self.environment['LOG_LEVEL']}"
        return self._spawn(name, "celery", "-A", "config", name, *arguments, level)

    def _manage(self, *arguments: str) -> None:
        self.run("manage.py", *arguments)

    def run(self, *arguments: str) -> str:
        """What Python prints when run with ``arguments`` in these surroundings."""
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _spawn(self, name: str, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log(name).open("wb") as log:
            self._processes.append(_process(module, arguments, self.environment, log))
        return self._processes[-1]

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _logs(self) -> str:
        logs = [self._log(name) for name in ("web", "worker")]
        return "\n".join(log.read_text(errors="replace")[-3000:] for log in logs if log.exists())

    def _web_answers(self) -> bool:
        try:
            with urlopen(f"{self.address}/sign-in/", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def _worker_is_ready(self) -> bool:
        row = self.ask("SELECT count(*) FROM inference_worker WHERE checkpoint_name <> ''")
        return bool(row and row[0])


def _process(
    module: str, arguments: tuple[str, ...], environment: dict[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)


def _wait(what: str, ready: Callable[[], bool], logs: Callable[[], str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        assert time.monotonic() < deadline, f"{what} did not start:\n{logs()}"
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL")


def new_database(name: str) -> dict[str, str]:
    """Make an empty database beside the tests' own; its addresses, for the application and for the tables' owner."""
    drop_database(name)
    _administer("CREATE DATABASE {}", name)
    return {variable: _named(os.environ[variable], name) for variable in ADDRESSES}


def _named(address: str, name: str) -> str:
    return urlsplit(address)._replace(path=f"/{name}").geturl()


def drop_database(name: str) -> None:
    """Delete it, whoever is connected."""
    _administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _administer(statement: str, name: str) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
