"""The head of the access log's chain, written to a file outside the database: one JSON object a line, never rewritten.

Whoever has only the database cannot take an anchor back. Copies of the file that are kept elsewhere hold against
somebody who has this machine too.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from accounts import chain
from accounts.models import AccessLogSeal


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the last seal was at some time."""

    at: datetime
    position: int
    hash: str

    def line(self) -> str:
        """As it stands in the file."""
        said = {"at": self.at.isoformat(timespec="seconds"), "position": self.position, "hash": self.hash}
        return json.dumps(said) + "\n"


@dataclass(frozen=True, slots=True)
class Anchors:
    """The file's anchors in its order, and how many of its lines are none (one that a power cut left half written)."""

    found: tuple[Anchor, ...] = ()
    unreadable: int = 0

    @property
    def newest(self) -> Anchor | None:
        """The last that was written."""
        return self.found[-1] if self.found else None


def anchor() -> Anchor | None:
    """Seal what there is and append the head to the file; ``None`` if the file says so already.

    Raises ``OSError`` where the file cannot be written.
    """
    chain.seal()
    head = AccessLogSeal.objects.last()
    newest = anchors().newest
    if head is None or (newest is not None and (newest.position, newest.hash) == (head.position, head.hash)):
        return None
    made = Anchor(timezone.now(), head.position, head.hash)
    _append(settings.ACCESS_LOG_ANCHORS, made.line())
    return made


def anchors() -> Anchors:
    """What the file holds; nothing if there is none. Raises ``OSError`` where it cannot be read."""
    file: Path = settings.ACCESS_LOG_ANCHORS
    if not file.exists():
        return Anchors()
    lines = file.read_text(errors="replace").splitlines()
    read = [_read(line) for line in lines if line.strip()]
    found = tuple(anchor for anchor in read if anchor is not None)
    return Anchors(found, len(read) - len(found))


def _read(line: str) -> Anchor | None:
    try:
        said = json.loads(line)
        return Anchor(datetime.fromisoformat(said["at"]), int(said["position"]), str(said["hash"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _append(file: Path, line: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.write(b"" if _ends_well(stream.fileno()) else b"\n")
        stream.write(line.encode())
        stream.flush()
        os.fsync(stream.fileno())
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        # The name of a new file is on the disk only after this.
        os.fsync(folder)
    finally:
        os.close(folder)


def _ends_well(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
