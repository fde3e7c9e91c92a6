"""Fixtures for tests that start servers."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder for servers, which other users may pass: as root PostgreSQL runs as another one.

    Not pytest's own, whose folders are closed.
    """
    with tempfile.TemporaryDirectory(prefix="undertone-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def folder(place: Path) -> Iterator[Path]:
    """A data folder for a demonstration; whatever is still running in it at the end is ended."""
    folder = place / "data"
    yield folder
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in Path("/proc").glob("[0-9]*"):
            if process.name != str(os.getpid()) and _belongs(process, folder):
                os.kill(int(process.name), number)


def _belongs(process: Path, folder: Path) -> bool:
    try:
        return f"UNDERTONE_DATA={folder}".encode() in (process / "environ").read_bytes()
    except OSError:
        return False
