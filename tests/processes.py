"""What a data folder's programs leave behind on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def processes_of(folder: Path) -> list[str]:
    """Command lines of living processes that work in, were started for, or name ``folder``."""
    return [line for process in Path("/proc").glob("[0-9]*") if (line := _line(process, folder)) is not None]


def sockets_of(folder: Path) -> list[Path]:
    """Unix sockets under ``folder``."""
    return [path for path in folder.rglob("*") if path.is_socket()]


def soon(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether ``true()`` becomes true within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _line(process: Path, folder: Path) -> str | None:
    name = str(folder)
    # A process may end while it is being looked at.
    with suppress(OSError):
        command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        started_for = f"UNDERTONE_DATA={name}\0".encode() in (process / "environ").read_bytes() + b"\0"
        works_in = str((process / "cwd").readlink()).startswith(name)
        if command and (name in command or started_for or works_in):
            return command
    return None
