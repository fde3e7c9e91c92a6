"""Putting an upload safely and encrypted where recordings are kept, under a name that nobody outside chose."""

from __future__ import annotations

import hashlib
import io
import os
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from inference.errors import EmptyFile, TooLarge
from sessions_app import encryption, keys

MAX_BYTES = 1024**3
CHUNK_BYTES = 1024**2
GRACE_SECONDS = 3600.0
ABANDONED_SECONDS = 24 * 3600.0
"""No upload takes as long as that to come in."""
RECORDINGS, SNAPSHOTS, VOICES = "recordings", "snapshots", "voices"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the storage: its generated name, what its sender called it, SHA-256 (hex) and size in bytes."""

    name: str
    original_name: str
    sha256: str
    size: int


class EncryptedStorage(FileSystemStorage):
    """Files on disk, encrypted: ``open`` decrypts. ``size`` and ``path`` are those of what lies on disk.

    Only `store` writes. Whoever saves a file here by mistake gets no plain one.
    """

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError("Stored files can only be read.")
        return File(opened(name), name)

    def _save(self, name: str, content: Any) -> str:
        raise NotImplementedError("Files come in through sessions_app.storage.store.")


class IncomingHandler(TemporaryFileUploadHandler):
    """Django's own, in a folder beside the recordings that need not be there yet, with a key that is never written."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Called for each file of a request, before its first bytes."""
        Path(settings.FILE_UPLOAD_TEMP_DIR or "").mkdir(parents=True, exist_ok=True, mode=0o700)
        super().new_file(*args, **kwargs)
        self.file.file = encryption.Sealed(cast(BinaryIO, self.file.file))  # type: ignore[assignment]

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Called for each part of a file. Where the disk is full, what came before goes at once.

        Django leaves that to the garbage collector, and a traceback that is being logged may keep it for long.
        """
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError:
            with suppress(OSError):
                self.file.close()
            raise


def store(upload: UploadedFile[bytes], name: str) -> StoredFile:
    """Write ``upload`` durably as ``name``: temporary file, fsync, rename, fsync of the folder.

    It is hashed as it came, and encrypted with the key that ``name`` names. Raises `EmptyFile`, `TooLarge` or
    ``KeyMissing``; then nothing is left behind.
    """
    if not upload.size:
        raise EmptyFile
    if upload.size > MAX_BYTES:
        raise TooLarge
    target = Path(default_storage.path(name))
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = _partial(target)
    try:
        sha256 = _write_durably(upload, partial, name)
        partial.rename(target)
        # Without this the power can take the name away again, after the row that tells of it was written.
        _sync_folder(target.parent)
    except BaseException:
        remove(name)
        raise
    return StoredFile(name=name, original_name=display_name(upload.name), sha256=sha256, size=upload.size)


def remove(name: str) -> None:
    """Delete the file ``name``, whole or half written, if it is there."""
    target = Path(default_storage.path(name))
    _partial(target).unlink(missing_ok=True)
    if target.exists():
        target.unlink(missing_ok=True)
        # Without this the power can bring the file back, when nothing is left that tells of it.
        _sync_folder(target.parent)


def discard_abandoned() -> None:
    """Delete what processes that were killed a day ago or more left half received. Nobody was told that it is kept."""
    latest = time.time() - ABANDONED_SECONDS
    for file in _unfinished():
        with suppress(FileNotFoundError):
            if file.stat().st_mtime < latest:
                file.unlink()


def discard_unfinished() -> None:
    """Delete what interrupted uploads and snapshots left behind. Only for when nothing is being uploaded."""
    for file in _unfinished():
        file.unlink(missing_ok=True)


def _unfinished() -> Iterator[Path]:
    """Files that are being received, or were when their process was killed."""
    for pattern in ("incoming/*", "*/*.part", f"{SNAPSHOTS}/*"):
        yield from Path(settings.MEDIA_ROOT).glob(pattern)


def unnamed(folder: str, names: Callable[[], Iterable[str]]) -> list[Path]:
    """Files in ``folder`` that are none of ``names``, but for those of the last hour: they may be coming in."""
    latest = time.time() - GRACE_SECONDS
    old = [file for file in Path(default_storage.path(folder)).glob("*") if _is_older(file, latest)]
    # Asked only now, so that a file that was given its row meanwhile is among them.
    named = set(names())
    return [file for file in old if f"{folder}/{file.name}" not in named]


def _is_older(file: Path, latest: float) -> bool:
    """Whether ``file`` was written before ``latest``. One that is gone by now is not."""
    try:
        return file.stat().st_mtime < latest
    except FileNotFoundError:
        return False


def opened(name: str) -> io.BufferedReader:
    """The stored file ``name`` as it was uploaded, to be read and sought in.

    Raises `FileNotFoundError`, ``KeyMissing``, or ``FileDamaged``, that also while it is read.
    """
    file = Path(default_storage.path(name)).open("rb")  # noqa: SIM115 - closed with what reads it
    try:
        return encryption.decrypted(keys.key_of(name), file, name)
    except BaseException:
        file.close()
        raise


def digest(name: str) -> str:
    """SHA-256 (hex) of the stored file ``name`` as it was uploaded. Raises what `opened` raises."""
    with opened(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _partial(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_durably(upload: UploadedFile[bytes], path: Path, name: str) -> str:
    key, digest = keys.key_of(name), hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with encryption.encrypting(key, file, name) as encrypted:
            for chunk in upload.chunks(CHUNK_BYTES):
                digest.update(chunk)
                encrypted.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def display_name(name: str | None) -> str:
    """A client's file name made fit to be shown: no folders, no control or direction marks, at most 120 characters."""
    base = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    # Categories C*: control, format (right-to-left overrides), surrogate, private use, unassigned.
    visible = "".join(character for character in base if unicodedata.category(character)[0] != "C").strip()
    return visible[:120] or "recording"
