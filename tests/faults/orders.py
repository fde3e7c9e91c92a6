"""What is to happen to a job, and at which point: written by the harness, carried out in the worker.

An order is a small file named after the SHA-256 of a recording, so that a worker knows it by the file it works on.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class Point(StrEnum):
    """Points of a recording's way: five of its job, and two of its file in the web server."""

    CLAIMED = "after claim"
    DECODE = "mid-decode"
    MODEL = "mid-model"
    COMMIT = "before commit"
    COMMITTED = "after commit"
    STORED = "between file and rows"
    REMOVING = "between rows and file"


class Deed(StrEnum):
    """What a worker does when it reaches the point."""

    KILL_CHILD = "kill child"
    KILL_MAIN = "kill main"
    KILL_GROUP = "kill group"
    HOLD = "hold"
    OUT_OF_MEMORY = "accelerator out of memory"
    CRASH = "crash of the decoder"
    FULL_DISK = "full disk"


@dataclass(frozen=True, slots=True)
class Order:
    """``always``: at every attempt, not only at the first."""

    point: Point
    deed: Deed
    always: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """All orders, in ``folder``."""

    folder: Path

    def give(self, sha256: str, order: Order) -> None:
        """Have ``order`` carried out on the recording of this hash."""
        written = self.folder / f"{sha256}.new"
        written.write_text(json.dumps(asdict(order)))
        written.rename(self._order(sha256))

    def due(self, sha256: str, point: Point) -> Order | None:
        """The order that is to be carried out now, which is thereby noted as done."""
        try:
            order = Order(**json.loads(self._order(sha256).read_text()))
        except FileNotFoundError:
            return None
        if order.point != point or (self.done_at(sha256) and not order.always):
            return None
        with self._done(sha256).open("a") as done:
            done.write(f"{time.monotonic()} {os.getpid()}\n")
        return order

    def done_at(self, sha256: str) -> float | None:
        """When the order was carried out, or first carried out (Unix time)."""
        # A worker's calendar may be wrong on purpose; this clock is the same for all processes of a machine.
        then = self._first(sha256, 0)
        return None if then is None else time.time() - (time.monotonic() - then)

    def done_by(self, sha256: str) -> int | None:
        """The process that first carried it out."""
        number = self._first(sha256, 1)
        return None if number is None else int(number)

    def release(self, sha256: str) -> None:
        """Let work that is held go on."""
        self._released(sha256).touch()

    def is_released(self, sha256: str) -> bool:
        """Whether it may go on."""
        return self._released(sha256).exists()

    def _first(self, sha256: str, column: int) -> float | None:
        done = self._done(sha256)
        words = done.read_text().split() if done.exists() else []
        return float(words[column]) if len(words) > column else None

    def _order(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.order"

    def _done(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.done"

    def _released(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.go"
