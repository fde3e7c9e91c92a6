"""Fixtures for tests that start servers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder for servers.

    Not pytest's own: each new pytest closes the folder above all of its folders to other users, and as root PostgreSQL
    runs as another one.
    """
    with tempfile.TemporaryDirectory(prefix="undertone-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
