"""One fault and what came of it: the pieces that kinds of faults are made of."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypeVar

from django.db import Error, connection

from inference.models import AnalysisJob, JobState
from tests.faults.client import Accepted, Client, Upload, unlike
from tests.faults.installation import Installation
from tests.faults.orders import Order, Orders

Ready = Callable[[], bool]
T = TypeVar("T")
Steps = Generator[Ready, None, T]
"""A trial as it goes on: it yields what it waits for, and is resumed when that is true."""

SUCCEEDED = JobState.SUCCEEDED.value
AGAIN_SECONDS = 0.3


@dataclass
class Scene:
    """Where trials take place. ``clip``: a short WAV file of speech that every upload is a variant of."""

    installation: Installation
    client: Client
    session: uuid.UUID
    clip: Path
    numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def orders(self) -> Orders:
        """What is to happen in the workers."""
        return Orders(self.installation.folder / "orders")

    def upload(self) -> Upload:
        """A recording that no other trial has."""
        return Upload.of(self.session, unlike(self.clip, next(self.numbers)))


@dataclass
class Trial:
    """One fault.

    ``accepted``: what the server took. ``expected``: how a job must end, where not in success; "deleted": there must be
    nothing of it. ``struck_at``: when the fault happened (Unix time). ``problems``: what else was not as it must be.
    """

    kind: str
    scene: Scene
    accepted: list[Accepted] = field(default_factory=list)
    expected: dict[uuid.UUID, str] = field(default_factory=dict)
    struck_at: float | None = None
    problems: list[str] = field(default_factory=list)
    stuck: bool = False

    def struck(self, at: float | None = None) -> None:
        """Note that the fault has happened, now or at a known time."""
        self.struck_at = time.time() if at is None else at

    def bring(self, upload: Upload | None = None, order: Order | None = None) -> Steps[Accepted]:
        """Upload a recording until it is accepted, with an ``order`` for the worker that takes it."""
        upload = upload or self.scene.upload()
        if order is not None:
            self.scene.orders.give(upload.sha256, order)
        while True:
            answer = self.scene.client.send(upload)
            if isinstance(answer, Accepted):
                self.accepted.append(answer)
                return answer
            yield after(AGAIN_SECONDS)

    def carried_out(self, job: Accepted) -> Steps[int]:
        """Wait until the order for ``job`` is carried out; the process that did it."""
        orders = self.scene.orders
        yield lambda: orders.done_at(job.sha256) is not None
        process = orders.done_by(job.sha256)
        assert process is not None
        return process

    def settled(self) -> Steps[None]:
        """Wait until no job of this trial is open."""
        yield lambda: not any(is_open(job.job) for job in self.accepted)


def after(seconds: float) -> Ready:
    """True from ``seconds`` from now on."""
    then = time.monotonic() + seconds
    return lambda: time.monotonic() >= then


def asked(question: Callable[[], T], without: T) -> T:
    """The database's answer, or ``without`` one while it is away."""
    try:
        return question()
    except Error:
        connection.close()
        return without


def is_open(job: uuid.UUID) -> bool:
    """Whether work on a job is still ahead, or nobody can tell."""
    return asked(lambda: AnalysisJob.objects.open().filter(id=job).exists(), True)


def attempts(job: uuid.UUID) -> int:
    """How often a job was taken in hand; 0 while nobody can tell."""
    return asked(lambda: AnalysisJob.objects.filter(id=job).values_list("attempt", flat=True).first() or 0, 0)


def parent_of(process: int) -> int:
    """The process id of a process's parent."""
    return int(_stat(process)[1])


def is_over(process: int) -> bool:
    """Whether a process has ended, its parent told or not: Celery asks nobody while it waits for Redis."""
    try:
        return _stat(process)[0] == "Z"
    except FileNotFoundError:
        return True


def _stat(process: int) -> list[str]:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
