"""A copy of what must outlive this machine, and back: the database, the files encrypted as they lie, and a manifest.

The copy is of one moment, although everything runs on meanwhile: the dump, the counts of rows and the names of files
come from one snapshot of the database. Without the master key nobody hears a recording in it, whoever restores it
included.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import Error, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from config import postgres
from config.places import ServiceUnavailable
from sessions_app import files, master_keys
from sessions_app.errors import KeyMissing
from sessions_app.models import ClinicKey
from tenancy import roles

FORMAT = 1
MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files"
CHUNK_BYTES = 2**20
# What libpq's programs are told by the environment: an argument with a password could be read by everybody.
_LIBPQ = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
_LIBPQ |= {name: f"PG{name.upper()}" for name in ("sslmode", "sslrootcert", "sslcert", "sslkey", "service", "options")}

Manifest = dict[str, Any]


class Refused(Exception):
    """Why there can be no backup, or no restoring; the message is one plain sentence that says what to do."""


def backup(folder: Path) -> Manifest:
    """Copy everything into ``folder``, which must be new or empty. Raises `Refused` and ``OSError``.

    The manifest is written last: a folder without one is no backup.
    """
    _make_room(folder)
    manifest, names = _dumped(folder)
    for name in names:
        try:
            manifest["files"][name] = _copied(Path(default_storage.path(name)), folder / FILES / name)
        except FileNotFoundError:
            # Deleted since the dump was begun, which its row in the dump cannot know.
            manifest["gone"].append(name)
    _write(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
    return manifest


def restore(folder: Path) -> Manifest:
    """Bring back what `backup` copied into ``folder``, into an empty database and an empty storage only.

    Nothing is changed before the whole backup has been read and found as it was made, and its master keys are known
    here. Raises `Refused` and ``OSError``.
    """
    manifest = _manifest(folder)
    _require_whole(folder, manifest)
    _require_keys(manifest)
    _require_empty_place()
    # Whose rights the dump names was true where it was made: here, the application may connect as another role.
    _run("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(folder / DUMP))
    roles.grant(_database(), roles.application_role())
    for name in manifest["files"]:
        _copied(folder / FILES / name, Path(default_storage.path(name)))
    with _snapshot() as (connection, _):
        if _rows(connection) != manifest["tables"]:
            raise Refused("The database that was restored does not hold as many rows as the backup. Please empty it.")
    return manifest


def tool(name: str) -> Path:
    """The program ``name`` of PostgreSQL that is new enough for our server: the machine's, else that of the wheel."""
    server = _database().cursor().connection.info.server_version // 10_000
    for program in _programs(name):
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found above
        said = done.stdout.split()
        if said and said[-1].partition(".")[0].isdigit() and int(said[-1].partition(".")[0]) >= server:
            return program
    raise Refused(f"{name} of PostgreSQL {server} was not found. Please install PostgreSQL's client programs.")


def environment() -> dict[str, str]:
    """The environment in which a program of PostgreSQL finds our database."""
    told = _database().get_connection_params()
    return os.environ | {variable: str(told[name]) for name, variable in _LIBPQ.items() if told.get(name)}


def _programs(name: str) -> Iterator[Path]:
    found = shutil.which(name)
    if found:
        yield Path(found)
    try:
        yield postgres.program(name)
    except ServiceUnavailable:
        return


def _database() -> BaseDatabaseWrapper:
    """The database as its owner sees it: the application's own role sees one clinic at a time. Raises `Refused`."""
    if "owner" not in settings.DATABASES:
        raise Refused(
            "DATABASE_OWNER_URL is not set. Only the role that owns the tables sees all of them: give its address for"
            " this command (README, Configuration)."
        )
    return connections["owner"]


@contextmanager
def _snapshot() -> Iterator[tuple[BaseDatabaseWrapper, str]]:
    """One moment of the database, and the name by which others can look at the same one."""
    connection = _database()
    with transaction.atomic(using=connection.alias, durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        yield connection, cursor.fetchone()[0]


def _dumped(folder: Path) -> tuple[Manifest, list[str]]:
    with _snapshot() as (connection, snapshot):
        alias = connection.alias
        manifest: Manifest = {
            "format": FORMAT,
            "made_at": timezone.now().isoformat(timespec="seconds"),
            "master_keys": sorted(set(ClinicKey.objects.using(alias).order_by().values_list("master", flat=True))),
            "tables": _rows(connection),
            "files": {},
            "gone": [],
        }
        names = sorted(files.named(using=alias))
        (folder / DUMP).touch(mode=0o600)
        _run("pg_dump", "--format=custom", "--enable-row-security", f"--snapshot={snapshot}", f"--file={folder / DUMP}")
    _make_durable(folder / DUMP)
    return manifest | {"dump": _measured(folder / DUMP)}, names


def _rows(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """How many rows each table has."""
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        counts = {}
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - a name from the catalogue
            counts[table] = cursor.fetchone()[0]
    return counts


def _run(name: str, *arguments: str) -> None:
    told = environment()
    database = [f"--dbname={told['PGDATABASE']}"] if name == "pg_restore" else []
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [tool(name), "--no-password", *database, *arguments], env=told, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Refused(f"{name} did not succeed: {said[0]}")


def _make_room(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise Refused(f"{folder} is not empty. Please name a new folder: a backup never replaces another.")
    folder.chmod(0o700)


def _manifest(folder: Path) -> Manifest:
    try:
        manifest: Manifest = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise Refused(f"{folder} holds no whole backup: its {MANIFEST} cannot be read.") from error
    if manifest.get("format") != FORMAT:
        raise Refused(f"The backup in {folder} was made by another version, which has to restore it.")
    return manifest


def _require_whole(folder: Path, manifest: Manifest) -> None:
    expected = {DUMP: manifest["dump"]} | {f"{FILES}/{name}": one for name, one in manifest["files"].items()}
    for name, one in expected.items():
        try:
            found = _measured(_inside(folder, name))
        except FileNotFoundError:
            found = None
        if found != one:
            raise Refused(f"The backup was changed or is not whole: {name} is not what was copied.")


def _inside(folder: Path, name: str) -> Path:
    """``name`` in ``folder``; a manifest that somebody has changed must not name what lies elsewhere."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Refused(f"The manifest was changed: {name} lies outside of the backup.")
    return path


def _require_keys(manifest: Manifest) -> None:
    for fingerprint in manifest["master_keys"]:
        try:
            master_keys.named(fingerprint)
        except KeyMissing as error:
            raise Refused(
                f"The master key {fingerprint} of this backup is not known here. "
                "Please set MASTER_KEY, or MASTER_KEYS_OLD, to the one that was in use then."
            ) from error


def _require_empty_place() -> None:
    try:
        tables = _database().introspection.table_names()
    except Error as error:
        raise Refused("PostgreSQL does not answer. Please start it and set DATABASE_URL.") from error
    if tables:
        raise Refused("The database holds tables already. Please name an empty one in DATABASE_URL.")
    storage = Path(default_storage.path(""))
    if any(path.is_file() for path in storage.rglob("*")):
        raise Refused(f"{storage} holds files already. Please name an empty folder in MEDIA_ROOT.")


def _copied(source: Path, target: Path) -> dict[str, Any]:
    """Copy ``source`` durably; its SHA-256 and size."""
    with source.open("rb") as file:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as copy:
            measured = _measure(file, copy)
    _make_durable(target)
    return measured


def _measured(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return _measure(file)


def _measure(file: BinaryIO, copy: BinaryIO | None = None) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    while part := file.read(CHUNK_BYTES):
        digest.update(part)
        size += len(part)
        if copy is not None:
            copy.write(part)
    return {"sha256": digest.hexdigest(), "size": size}


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
    _make_durable(path)


def _make_durable(path: Path) -> None:
    """So that the power takes neither bytes nor name away."""
    for place, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(place, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
