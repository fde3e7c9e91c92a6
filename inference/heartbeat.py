"""Keeps a worker's hold on a job while the work goes on, and ends that work when it must end.

A thread beside the work renews the lease, writes how far the work is, and looks whether the job is still wanted. Work
that has to stop is told so at its next report of progress. A computation that reports nothing (a decoder that hangs)
cannot be told; then the process ends, and Celery's main process starts another in its place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from types import TracebackType

import structlog
from django.conf import settings
from django.db import Error, connection

from inference import services, worker
from inference.audio import MAX_SECONDS
from inference.errors import TookTooLong
from inference.services import Claim

log = structlog.get_logger(__name__)

PROGRESS_SECONDS = 1.0
"""Progress is written at most this often."""

LOOK_SECONDS = 2.0
"""This often the thread looks whether the job was cancelled meanwhile."""

PARTING_SECONDS = 0.2
"""What the job's row is to be told is tried again this often while the database is away."""

LET_GO_SECONDS = 4.0
"""So long work that is void may take to its next report of progress before its process is ended."""


class LeaseLost(Exception):
    """The job was cancelled, deleted, taken over, handed over or took too long; this worker's work on it is void."""


class Heartbeat:
    """Renews a claim from a thread while the work goes on; ``progress`` is called by the work itself.

    The work never touches the database, so a lost connection costs it nothing.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self._reached = self._written = ("", 0.0)
        self._reached_at = self._renewed_at = self._looked_at = self._began_at = time.monotonic()
        self._limit = time_limit(MAX_SECONDS)
        self._lost_at: float | None = None
        self._parting: Callable[[], object] | None = None
        self._stop = threading.Event()
        # For whom the work is, the thread is too.
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._beat,), name="job-heartbeat", daemon=True
        )

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def lost(self) -> bool:
        """Whether the work is void."""
        return self._lost_at is not None

    def progress(self, stage: str, fraction: float) -> None:
        """Note how far the work is; the thread writes it. Raises `LeaseLost`."""
        if self.lost:
            raise LeaseLost
        self._reached, self._reached_at = (stage, fraction), time.monotonic()

    def length(self, seconds: float) -> None:
        """Note how long the recording is, which says how long its analysis may take."""
        self._limit = time_limit(seconds)

    def _beat(self) -> None:
        while not self._stop.wait(PROGRESS_SECONDS):
            self._try(self._see_to_it)
        while self._parting is not None and not self._let_go_is_over():
            self._try(self._part)
            self._stop.wait(PARTING_SECONDS)
        connection.close()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Error:
            # The database may come back before the lease ends; a broken connection must not be used again.
            log.warning("heartbeat_missed", job_id=str(self.claim.job_id))
            connection.close()

    def _see_to_it(self) -> None:
        """One beat: the first of these that is due."""
        now = time.monotonic()
        if self.lost:
            if self._let_go_is_over():
                worker.end_process(self.claim.job_id)
            self._part()
        elif worker.leaving():
            # From this thread, not the work's: that may be deep in a computation, and the worker has seconds to leave.
            self._lose(lambda: services.job_hand_over(self.claim))
        elif self._is_too_slow(now):
            slow = TookTooLong()
            self._lose(lambda: services.job_give_back(self.claim, code=slow.code, message=slow.message))
        elif self._reached != self._written or now - self._renewed_at >= settings.HEARTBEAT_SECONDS:
            self._renew(now)
        elif now - self._looked_at >= LOOK_SECONDS:
            self._look(now)

    def _lose(self, parting: Callable[[], object] | None = None) -> None:
        """From here on the work is void; ``parting`` is what the job's row is to be told, as soon as it can be."""
        self._lost_at, self._parting = time.monotonic(), parting
        self._part()

    def _part(self) -> None:
        if self._parting is not None:
            self._parting()
            self._parting = None

    def _let_go_is_over(self) -> bool:
        return self._lost_at is not None and time.monotonic() - self._lost_at >= LET_GO_SECONDS

    def _renew(self, now: float) -> None:
        reached = self._reached
        if not services.job_renew(self.claim, stage=reached[0], progress=reached[1]):
            self._lose()
        self._written, self._renewed_at, self._looked_at = reached, now, now

    def _look(self, now: float) -> None:
        if not self.claim.held.exists():
            self._lose()
        self._looked_at = now

    def _is_too_slow(self, now: float) -> bool:
        return now - self._began_at > self._limit or now - self._reached_at > settings.STALL_SECONDS


def time_limit(seconds: float) -> float:
    """Seconds that the analysis of a recording of ``seconds`` may take."""
    limit: float = settings.STALL_SECONDS + settings.TIME_LIMIT_RATIO * seconds
    return limit
