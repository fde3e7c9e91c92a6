"""Carries out in a process of the product what was ordered for a recording at one point of its way."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.orders import Deed, Orders, Point

ORDERS = Orders(Path(os.environ["FAULTS_ORDERS"]))
HELD_SECONDS = 300.0
FILE_LIMIT = 4096


def reach(point: Point, sha256: str) -> None:
    """Carry out what was ordered for this recording at this point."""
    order = ORDERS.due(sha256, point)
    if order is not None:
        _DO[order.deed](sha256)


def _kill_child(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_main(_: str) -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def _kill_group(_: str) -> None:
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _hold(sha256: str) -> None:
    deadline = time.monotonic() + HELD_SECONDS
    while not ORDERS.is_released(sha256) and time.monotonic() < deadline:
        time.sleep(0.02)


def _run_out_of_memory(_: str) -> None:
    import torch

    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")


def _crash(_: str) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _fill_the_disk(_: str) -> None:
    """A limit on the size of files: the kernel refuses to write, as it does where no room is left."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def room_again() -> None:
    """Take back a full disk."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


_DO: dict[Deed, Callable[[str], None]] = {
    Deed.KILL_CHILD: _kill_child,
    Deed.KILL_MAIN: _kill_main,
    Deed.KILL_GROUP: _kill_group,
    Deed.HOLD: _hold,
    Deed.OUT_OF_MEMORY: _run_out_of_memory,
    Deed.CRASH: _crash,
    Deed.FULL_DISK: _fill_the_disk,
}
