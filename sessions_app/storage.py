"""Putting an upload safely where recordings are kept, under a name that nobody outside chose."""

from __future__ import annotations

import hashlib
import os
import time
import unicodedata
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from inference.errors import EmptyFile, TooLarge

MAX_BYTES = 1024**3
CHUNK_BYTES = 1024**2
GRACE_SECONDS = 3600.0
RECORDINGS, SNAPSHOTS, VOICES = "recordings", "snapshots", "voices"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the storage: its generated name, SHA-256 (hex) and size in bytes."""

    name: str
    sha256: str
    size: int

    def delete(self) -> None:
        """Remove the file."""
        default_storage.delete(self.name)


class IncomingHandler(TemporaryFileUploadHandler):
    """Django's own, in a folder beside the recordings that need not be there yet."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Called for each file of a request, before its first bytes."""
        Path(settings.FILE_UPLOAD_TEMP_DIR or "").mkdir(parents=True, exist_ok=True, mode=0o700)
        super().new_file(*args, **kwargs)


def store(upload: UploadedFile[bytes], folder: str) -> StoredFile:
    """Write ``upload`` durably under a random name in ``folder``: temporary file, fsync, rename, hashed on the way.

    Raises `EmptyFile` or `TooLarge`; then nothing is left behind.
    """
    if not upload.size:
        raise EmptyFile
    if upload.size > MAX_BYTES:
        raise TooLarge
    name = f"{folder}/{uuid.uuid4()}"
    target = Path(default_storage.path(name))
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = target.with_suffix(".part")
    try:
        sha256 = _write_durably(upload, partial)
        partial.rename(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return StoredFile(name=name, sha256=sha256, size=upload.size)


def discard(names: Iterable[str]) -> None:
    """Delete files that were stored for rows that never came to be."""
    for name in names:
        default_storage.delete(name)


def discard_unfinished() -> None:
    """Delete what interrupted uploads and snapshots left behind. Only for when nothing is being uploaded."""
    root = Path(settings.MEDIA_ROOT)
    for pattern in ("incoming/*", "*/*.part", f"{SNAPSHOTS}/*"):
        for file in root.glob(pattern):
            file.unlink(missing_ok=True)


def discard_unnamed(folder: str, names: Callable[[], Iterable[str]]) -> None:
    """Delete files in ``folder`` that are none of ``names``; see `unnamed`."""
    for file in unnamed(folder, names):
        file.unlink(missing_ok=True)


def unnamed(folder: str, names: Callable[[], Iterable[str]]) -> list[Path]:
    """Files in ``folder`` that are none of ``names``, but for those of the last hour: they may be coming in."""
    latest = time.time() - GRACE_SECONDS
    old = [file for file in Path(default_storage.path(folder)).glob("*") if file.stat().st_mtime < latest]
    # Asked only now, so that a file that was given its row meanwhile is among them.
    named = set(names())
    return [file for file in old if f"{folder}/{file.name}" not in named]


def digest(name: str) -> str:
    """SHA-256 (hex) of the stored file ``name``. Raises `FileNotFoundError`."""
    with Path(default_storage.path(name)).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_durably(upload: UploadedFile[bytes], path: Path) -> str:
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for chunk in upload.chunks(CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def display_name(name: str | None) -> str:
    """A client's file name made fit to be shown: no folders, no control or direction marks, at most 120 characters."""
    base = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    # Categories C*: control, format (right-to-left overrides), surrogate, private use, unassigned.
    visible = "".join(character for character in base if unicodedata.category(character)[0] != "C").strip()
    return visible[:120] or "recording"
