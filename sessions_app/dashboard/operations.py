"""What the administrator reads about the clinic's analyses: is all well, and if not, why and what to do.

Of the workers, which serve every clinic, it says what they are; of jobs only those of this clinic. No patient is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import Clinic
from inference.errors import retry_can_help
from inference.operations import Failure, Operations, Period, Spread, WorkerState, operations
from sessions_app.dashboard.job_history import JobRow, latest_jobs
from sessions_app.dashboard.wording import how_long, seconds_in_words
from sessions_app.engine_words.errors import error_words, problem_words
from sessions_app.errors import ConsentMissing

LONG_WAIT = timedelta(minutes=15)
"""A wait that no single recording in front explains."""

RECORDING_TO_BLAME = "The recording is the reason. Whoever looks at it is told what to do; trying again does not help."
TRY_AGAIN = "It can be tried again where its patient’s sessions are listed."

MACHINE_REASONS = {
    "machine_trouble": (
        "A worker ran out of memory or disk space, or lost its storage.",
        "See to the machine that the worker runs on, then have it tried again.",
    ),
    "worker_lost": (
        "A worker ended in the middle of it, three times.",
        "Most often memory was short: the worker’s log and the system’s say so. Then have it tried again.",
    ),
    "took_too_long": (
        "An analysis took much longer than its recording should, three times.",
        "See how busy the machine is that the worker runs on; a damaged file can be the reason, too.",
    ),
    "checkpoint_unavailable": (
        "The voice model was not available.",
        "manage.py doctor says what is missing. Then have it tried again.",
    ),
    "file_gone": (
        "The recording was no longer in storage.",
        "manage.py doctor --storage names every file that is gone; restore it from a backup.",
    ),
    "file_damaged": (
        "The recording in storage was not what was put there.",
        "manage.py doctor --storage names every file that is damaged; restore it from a backup.",
    ),
    "internal_error": (
        "Something went wrong inside Undertone.",
        "The worker’s log tells what, under this job’s id. Please report it.",
    ),
    ConsentMissing.code: ("There was no consent to voice analysis any more.", "Nothing: this is as it should be."),
}
"""Failures that are not the recording's: what happened, and what an administrator can do."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether all is well. ``level`` is well, warn or error."""

    level: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FailureRow:
    """Why recordings failed, how many did, and what to do."""

    code: str
    reason: str
    advice: str
    day: int
    latest: datetime


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker process; ``heard`` says when it was last heard of."""

    name: str
    device: str
    model: str
    since: datetime
    heard: str
    is_ready: bool


@dataclass(frozen=True, slots=True)
class OperationsPage:
    """Everything on the page; two that are equal look alike."""

    verdict: Verdict
    waiting: int
    running: int
    oldest: str
    hour: Period
    day: Period
    per_hour: str
    waited: str
    ran: str
    retried: int
    failures: tuple[FailureRow, ...]
    workers: tuple[WorkerRow, ...]
    jobs: tuple[JobRow, ...]


def operations_of(clinic: Clinic) -> OperationsPage:
    """The page for ``clinic``, now."""
    found = operations(clinic.id)
    return OperationsPage(
        verdict=verdict(found),
        waiting=found.queue.waiting + found.queue.abandoned,
        running=found.queue.running,
        oldest=how_long(found.queue.oldest),
        hour=found.hour,
        day=found.day,
        per_hour=f"{found.per_hour:.1f}",
        waited=_spread(found.waited),
        ran=_spread(found.ran),
        retried=found.retried,
        failures=tuple(_failure_row(failure) for failure in found.failures),
        workers=tuple(_worker_row(worker) for worker in found.workers),
        jobs=latest_jobs(clinic),
    )


def verdict(found: Operations) -> Verdict:
    """Whether somebody works, nobody waits long, no worker ended without a word and no machine failed within the hour.

    All is well only where nothing failed at all; where recordings failed by their own fault, it is the system that is.
    """
    waiting = found.queue.waiting + found.queue.abandoned
    trouble = sum(failure.hour for failure in found.failures if _is_trouble(failure.code))
    waits_long = found.queue.oldest is not None and found.queue.oldest > LONG_WAIT
    parts = [_work(waiting, found), _workers(found), *_lost(found), *_failed(found.hour.failed, trouble)]
    if found.ready and waits_long:
        parts.append("If it stays so, more workers would help.")
    if not found.ready and waiting:
        return Verdict("error", " ".join(parts))
    if not found.ready or found.lost or trouble or waits_long:
        return Verdict("warn", " ".join(parts))
    well = "The system is well." if found.hour.failed else "All is well."
    return Verdict("well", " ".join([well, *parts]))


def _is_trouble(code: str) -> bool:
    return retry_can_help(code) and code != ConsentMissing.code


def _work(waiting: int, found: Operations) -> str:
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        which = "for" if waiting == 1 else "the oldest for"
        left = f" {_recordings(found.queue.abandoned)} of them lost their worker." if found.queue.abandoned else ""
        return f"{_recordings(waiting)} {verb}, {which} {how_long(found.queue.oldest)}.{left}"
    if found.queue.running:
        verb = "is" if found.queue.running == 1 else "are"
        return f"Nothing is waiting; {_recordings(found.queue.running)} {verb} being analysed."
    return "Nothing is waiting."


def _workers(found: Operations) -> str:
    if found.ready:
        return "1 worker is ready." if len(found.ready) == 1 else f"{len(found.ready)} workers are ready."
    alive = [worker for worker in found.workers if worker.is_alive]
    if alive:
        return f"No worker is ready: {problem_words(alive[0].problem) or 'the voice model is still being loaded.'}"
    return f"No worker was heard of in the last {settings.WORKER_SEEN_SECONDS} seconds."


def _lost(found: Operations) -> Iterator[str]:
    if found.lost:
        verb = "worker process" if len(found.lost) == 1 else "worker processes"
        yield f"{len(found.lost)} {verb} ended without a word in the last hour."


def _failed(number: int, trouble: int) -> Iterator[str]:
    if number:
        yield f"{_analyses(number)} failed in the last hour{_because(number, trouble)}."


def _because(number: int, trouble: int) -> str:
    if trouble == number:
        return " because of the system"
    if trouble:
        return f", {trouble} of them because of the system"
    return ", not because of the system" if number == 1 else ", none because of the system"


def _failure_row(failure: Failure) -> FailureRow:
    advice = TRY_AGAIN if retry_can_help(failure.code) else RECORDING_TO_BLAME
    reason, advice = MACHINE_REASONS.get(failure.code, (error_words(failure.code, failure.message), advice))
    return FailureRow(failure.code, reason, advice, failure.day, failure.latest)


def _worker_row(worker: WorkerState) -> WorkerRow:
    return WorkerRow(
        name=f"{worker.host}, process {worker.pid}",
        device=worker.device.upper(),
        model=problem_words(worker.problem) or worker.checkpoint or "loading",
        since=worker.started_at,
        heard="now" if worker.is_alive else f"{how_long(worker.silent_for)} ago; it ended without a word",
        is_ready=worker.is_ready,
    )


def _spread(spread: Spread) -> str:
    if spread.median is None or spread.p95 is None:
        return "–"
    return f"half within {seconds_in_words(spread.median)}, 95 in 100 within {seconds_in_words(spread.p95)}"


def _analyses(number: int) -> str:
    return "1 analysis" if number == 1 else f"{number} analyses"


def _recordings(number: int) -> str:
    return "1 recording" if number == 1 else f"{number} recordings"
