"""Is everything there that Undertone needs? One finding per question, in plain words, with what to do about it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis
from django.conf import settings
from django.db import Error, connection

from config.health import pending_migrations
from inference import checkpoints
from inference.errors import CheckpointUnavailable
from inference.models import Worker
from sessions_app import keys, master_keys, storage_check
from sessions_app.dashboard import report_pdf
from sessions_app.errors import KeyMissing
from sessions_app.models import ClinicKey

GIBIBYTE = 1024**3
LEAST_FREE_BYTES = 2 * GIBIBYTE
REDIS_SECONDS = 3
NAMED = 10
"""So many recordings are named in one line."""

DISCREET = {
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "debug_print_parse": "off",
    "debug_print_rewritten": "off",
    "debug_print_plan": "off",
    "auto_explain.log_min_duration": "-1",
    "pgaudit.log": "none",
}
"""Settings by which PostgreSQL writes no statement with its values, and no row, into its log. The last two are those of
extensions that a server may have."""

HARMLESS = {("log_statement", "ddl"), ("pgaudit.log", "")}
"""Other values that do no harm: statements that make tables hold no patient's data."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question: ``message`` says what was found, ``advice`` what to do (empty when all is well)."""

    name: str
    ok: bool
    message: str
    advice: str = ""


def examine(*, storage: bool = False) -> list[Finding]:
    """Ask every question; with ``storage``, read every recording too. Starts nothing and changes nothing."""
    return [question() for question in (*QUESTIONS, *([stored] if storage else []))]


def database() -> Finding:
    """Does PostgreSQL answer, and are its tables those of this version?"""
    start = "Start PostgreSQL and set DATABASE_URL, or run 'make demo', which brings its own."
    try:
        version, pending = _server_version(), pending_migrations()
    except Error:
        return Finding("database", ok=False, message="PostgreSQL does not answer.", advice=start)
    if pending:
        message = f"PostgreSQL answers, but {pending} migrations have not been applied."
        return Finding("database", ok=False, message=message, advice="Run 'manage.py migrate'.")
    return Finding("database", ok=True, message=f"PostgreSQL {version} answers, and its tables are up to date.")


def broker() -> Finding:
    """Does Redis answer?"""
    advice = "Start Redis and set REDIS_URL, or run 'make demo', which brings its own."
    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=REDIS_SECONDS)
        version = client.info("server")["redis_version"]
    except (redis.RedisError, OSError):
        return Finding("redis", ok=False, message="Redis does not answer.", advice=advice)
    return Finding("redis", ok=True, message=f"Redis {version} answers.")


def worker() -> Finding:
    """Is a worker there, with its voice model loaded?"""
    advice = "Start one with 'celery -A config worker', or run 'make demo'."
    try:
        alive, ready = list(Worker.objects.alive()), list(Worker.objects.ready())
    except Error:
        message = "Whether a worker is running cannot be told without the database."
        return Finding("worker", ok=False, message=message, advice="See to the database first.")
    if ready:
        model = f"{ready[0].checkpoint_name} {ready[0].checkpoint_version}"
        return Finding("worker", ok=True, message=f"{_count(len(ready), 'worker process')} ready with {model}.")
    if alive:
        message = (
            f"A worker is running, but its voice model is not loaded: {alive[0].problem or 'it is still loading.'}"
        )
        return Finding("worker", ok=False, message=message, advice="See to the checkpoint, then restart the worker.")
    message = f"No worker was heard of in the last {settings.WORKER_SEEN_SECONDS} seconds."
    return Finding("worker", ok=False, message=message, advice=advice)


def checkpoint() -> Finding:
    """Is the checkpoint installed, and are its weights the ones its card describes?"""
    advice = "Or set CHECKPOINT to one that is there."
    try:
        found = checkpoints.verify(settings.CHECKPOINT)
    except CheckpointUnavailable as error:
        return Finding("checkpoint", ok=False, message=error.message, advice=advice)
    identity = found.identity
    message = f"{identity.name} {identity.version} is whole (SHA-256 {identity.sha256[:12]}...). {found.label}"
    return Finding("checkpoint", ok=True, message=message)


def folders() -> Finding:
    """Can recordings and the development data be written where they belong?"""
    for name, folder in (("UNDERTONE_DATA", settings.DATA_DIR), ("MEDIA_ROOT", settings.MEDIA_ROOT)):
        if (problem := _problem_with(folder)) is not None:
            message = f"Nothing can be written to {folder} ({problem})."
            return Finding("folders", ok=False, message=message, advice=f"Set {name} to a folder of this user.")
    return Finding("folders", ok=True, message="Recordings and data can be written where they belong.")


def disk() -> Finding:
    """Is there room for recordings and for the development data?"""
    free, folder = min((_free_bytes(folder), folder) for folder in (settings.MEDIA_ROOT, settings.DATA_DIR))
    message = f"{free / GIBIBYTE:.1f} GiB are free for recordings and data."
    if free >= LEAST_FREE_BYTES:
        return Finding("disk", ok=True, message=message)
    advice = f"Free some space where {folder} is, or set MEDIA_ROOT to a larger disk."
    return Finding("disk", ok=False, message=message, advice=advice)


def server_log() -> Finding:
    """Could PostgreSQL write statements or rows, and patients' data in them, into a log of its own?"""
    try:
        settings_now = _server_settings()
    except Error:
        message = "What PostgreSQL writes into its log cannot be told without the database."
        return Finding("server log", ok=False, message=message, advice="See to the database first.")
    telling = {
        name: value for name, value in settings_now.items() if value != DISCREET[name] and (name, value) not in HARMLESS
    }
    if not telling:
        return Finding("server log", ok=True, message="PostgreSQL writes no statement and no row into its log.")
    message = f"PostgreSQL may write patients' data into its log, by {_assigned(telling)}."
    advice = f"Set {_assigned({name: DISCREET[name] for name in telling})} where PostgreSQL runs."
    return Finding("server log", ok=False, message=message, advice=advice)


def stored() -> Finding:
    """Is every recording as it was uploaded, every note as it was signed, and nothing else there? Reads them all."""
    try:
        found = storage_check.compare()
    except Error:
        message = "Which recordings there should be cannot be told without the database."
        return Finding("storage", ok=False, message=message, advice="See to the database first.")
    except OSError as error:
        message = f"Recordings cannot be read ({error.strerror})."
        return Finding("storage", ok=False, message=message, advice="Run this as the user whom the server runs as.")
    if found.whole:
        return Finding("storage", ok=True, message=f"{_read(found)} read: all are as they came in.")
    lists = (
        ("gone", found.missing),
        ("locked by a master key that is not here", found.locked),
        ("damaged in storage", found.damaged),
        ("changed since upload", found.changed),
        ("known to no row", found.orphans),
        ("notes that cannot be opened", found.unreadable),
    )
    told = "; ".join(f"{len(names)} {what}: {_some(names)}" for what, names in lists if names)
    advice = "Restore what is gone, damaged, changed or cannot be opened from a backup."
    if found.orphans:
        advice += " Files that no row knows can be deleted."
    if found.locked:
        advice += " Set MASTER_KEYS_OLD to the master key that was in use when what is locked was stored."
    return Finding("storage", ok=False, message=f"{_read(found)} read; {told}.", advice=advice)


def encryption() -> Finding:
    """Does a master key that is set here open every clinic's keys?"""
    try:
        master_keys.try_out()
        closed, number = keys.unreadable(ClinicKey.objects.iterator()), ClinicKey.objects.count()
    except Error:
        message = "Whether recordings can be decrypted cannot be told without the database."
        return Finding("encryption", ok=False, message=message, advice="See to the database first.")
    except KeyMissing as error:
        message = f"The master key cannot be used: {error.strerror}."
        advice = "See to the key service: may Undertone encrypt and decrypt with the key? Nothing is lost meanwhile."
        return Finding("encryption", ok=False, message=message, advice=advice)
    except OSError as error:
        message = f"The master key cannot be read ({error.strerror})."
        return Finding("encryption", ok=False, message=message, advice="Run this as the user whom the server runs as.")
    if not closed:
        return Finding("encryption", ok=True, message=f"The master key opens all {number} keys of clinics.")
    message = f"No master key set here opens these keys of clinics: {_some(closed)}."
    advice = "Set MASTER_KEY, or MASTER_KEYS_OLD, to the key that was in use when they were made."
    return Finding("encryption", ok=False, message=message, advice=advice)


def reports() -> Finding:
    """Are the system libraries there that reports on patients (PDF) are made with?"""
    if report_pdf.is_possible():
        return Finding("reports", ok=True, message="Reports on patients (PDF) can be made.")
    message = "Reports on patients (PDF) cannot be made: a system library is missing. Everything else works."
    return Finding("reports", ok=False, message=message, advice=f"Install (Debian, Ubuntu): {report_pdf.LIBRARIES}")


QUESTIONS: tuple[Callable[[], Finding], ...] = (
    database,
    server_log,
    broker,
    worker,
    checkpoint,
    folders,
    disk,
    encryption,
    reports,
)


def _server_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])


def _server_settings() -> dict[str, str]:
    """Those of `DISCREET` that the server has, as they are for the application's own connections."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(DISCREET)])
        return dict(cursor.fetchall())


def _assigned(values: dict[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _problem_with(folder: Path) -> str | None:
    try:
        # On Linux such a file never has a name, so that looking changes nothing.
        with tempfile.TemporaryFile(dir=_nearest(folder)):
            return None
    except OSError as error:
        return error.strerror


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(_nearest(folder)).free


def _nearest(folder: Path) -> Path:
    """``folder``, or what would hold it. What may not be looked at counts as not there."""
    places = (folder, *folder.parents)
    return next(place for place in places if os.path.exists(place))  # noqa: PTH110 - pathlib's raises where it may not look


def _read(found: storage_check.StorageReport) -> str:
    recordings = "1 recording" if found.checked == 1 else f"{found.checked} recordings"
    notes = "1 note" if found.notes == 1 else f"{found.notes} notes"
    return f"{recordings} and {notes}" if found.notes else recordings


def _some(names: Sequence[object]) -> str:
    shown = ", ".join(map(str, names[:NAMED]))
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED} more"


def _count(number: int, noun: str) -> str:
    return f"1 {noun} is" if number == 1 else f"{number} {noun}es are"
