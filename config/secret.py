"""Django's key for development, which nobody has to think of."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def development_secret(folder: Path) -> str:
    """A random key kept in ``folder``, so that log-ins survive a restart; another each time if it cannot be kept."""
    path = folder / "secret_key"
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _publish(path)
        return path.read_text()
    except OSError:
        return secrets.token_urlsafe(48)


def _publish(path: Path) -> None:
    """Make ``path`` with a whole key in it, or not at all: of two processes that start at once, one wins."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix="secret_key.") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        with suppress(FileExistsError):
            os.link(file.name, path)
