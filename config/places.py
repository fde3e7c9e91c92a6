"""Where development keeps its things, and which Unix sockets its servers listen on."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SOCKET_PATH_LIMIT = 100
"""Bytes. The kernel refuses Unix socket paths longer than 107."""


class ServiceUnavailable(RuntimeError):
    """An embedded server did not start; the message is one plain sentence that says why or where its log is."""


def data_folder() -> Path:
    """The folder of everything that development leaves behind: database, uploads, logs, secrets."""
    return Path(os.environ.get("UNDERTONE_DATA") or REPOSITORY / ".demo")


def make_data_folder(folder: Path) -> None:
    """Make ``folder`` if it is not there. Raises `ServiceUnavailable` where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ServiceUnavailable(f"Nothing can be written to {folder}. Please set UNDERTONE_DATA.") from error


def log_folder(folder: Path) -> Path:
    """Where the programs of the data folder ``folder`` write their logs."""
    logs = folder / "log"
    logs.mkdir(parents=True, exist_ok=True)
    return logs


def socket_folder(preferred: Path, name: str) -> Path:
    """``preferred``, or a short one in the temporary folder if the socket ``name`` in it would have too long a path."""
    if len(os.fsencode(preferred / name)) < SOCKET_PATH_LIMIT:
        return preferred
    digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"undertone-{os.geteuid()}-{digest}"


def make_socket_folder(folder: Path, owner: int | None = None) -> None:
    """Make a folder that only ``owner`` (by default this process' user) can enter; refuse one of somebody else."""
    expected = os.geteuid() if owner is None else owner
    if not folder.exists():
        folder.mkdir(mode=0o700)
        os.chown(folder, expected, -1)
    if folder.stat().st_uid != expected:
        raise ServiceUnavailable(f"The folder {folder} belongs to somebody else. Please set UNDERTONE_DATA.")


def forget_socket_folder(folder: Path, preferred: Path) -> None:
    """Remove a folder that was only made because ``preferred`` has too long a path."""
    if folder != preferred and folder.exists():
        folder.rmdir()
