"""What the administrator reads about the clinic's analyses: is all well, and if not, why and what to do.

Of the workers, which serve every clinic, it says what they are; of jobs only those of this clinic. No patient is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext

from accounts.models import Clinic
from inference.errors import retry_can_help
from inference.operations import Failure, Operations, Period, Spread, WorkerState, operations
from sessions_app.dashboard.job_history import JobRow, latest_jobs
from sessions_app.dashboard.wording import how_long, seconds_in_words
from sessions_app.engine_words.errors import error_words, problem_words
from sessions_app.errors import ConsentMissing

LONG_WAIT = timedelta(minutes=15)
"""A wait that no single recording in front explains."""

RECORDING_TO_BLAME = gettext_lazy(
    "The recording is the reason. Whoever looks at it is told what to do; trying again does not help."
)
TRY_AGAIN = gettext_lazy("It can be tried again where its patient’s sessions are listed.")

MACHINE_REASONS = {
    "machine_trouble": (
        gettext_lazy("A worker ran out of memory or disk space, or lost its storage."),
        gettext_lazy("See to the machine that the worker runs on, then have it tried again."),
    ),
    "worker_lost": (
        gettext_lazy("A worker ended in the middle of it, three times."),
        gettext_lazy(
            "Most often memory was short: the worker’s log and the system’s say so. Then have it tried again."
        ),
    ),
    "took_too_long": (
        gettext_lazy("An analysis took much longer than its recording should, three times."),
        gettext_lazy("See how busy the machine is that the worker runs on; a damaged file can be the reason, too."),
    ),
    "checkpoint_unavailable": (
        gettext_lazy("The voice model was not available."),
        gettext_lazy("manage.py doctor says what is missing. Then have it tried again."),
    ),
    "file_gone": (
        gettext_lazy("The recording was no longer in storage."),
        gettext_lazy("manage.py doctor --storage names every file that is gone; restore it from a backup."),
    ),
    "file_damaged": (
        gettext_lazy("The recording in storage was not what was put there."),
        gettext_lazy("manage.py doctor --storage names every file that is damaged; restore it from a backup."),
    ),
    "internal_error": (
        gettext_lazy("Something went wrong inside Undertone."),
        gettext_lazy("The worker’s log tells what, under this job’s id. Please report it."),
    ),
    ConsentMissing.code: (
        gettext_lazy("There was no consent to voice analysis any more."),
        gettext_lazy("Nothing: this is as it should be."),
    ),
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
    parts = [*_work(waiting, found), _workers(found), *_lost(found), *_failed(found.hour.failed, trouble)]
    if found.ready and waits_long:
        parts.append(gettext("If it stays so, more workers would help."))
    if not found.ready and waiting:
        return Verdict("error", " ".join(parts))
    if not found.ready or found.lost or trouble or waits_long:
        return Verdict("warn", " ".join(parts))
    well = gettext("The system is well.") if found.hour.failed else gettext("All is well.")
    return Verdict("well", " ".join([well, *parts]))


def _is_trouble(code: str) -> bool:
    return retry_can_help(code) and code != ConsentMissing.code


def _work(waiting: int, found: Operations) -> Iterator[str]:
    running, abandoned = found.queue.running, found.queue.abandoned
    if waiting:
        yield ngettext(
            "%(recordings)s recording waits, for %(time)s.",
            "%(recordings)s recordings wait, the oldest for %(time)s.",
            waiting,
        ) % {"recordings": waiting, "time": how_long(found.queue.oldest)}
        if abandoned:
            yield ngettext(
                "%(recordings)s recording of them lost their worker.",
                "%(recordings)s recordings of them lost their worker.",
                abandoned,
            ) % {"recordings": abandoned}
    elif running:
        yield ngettext(
            "Nothing is waiting; %(recordings)s recording is being analysed.",
            "Nothing is waiting; %(recordings)s recordings are being analysed.",
            running,
        ) % {"recordings": running}
    else:
        yield gettext("Nothing is waiting.")


def _workers(found: Operations) -> str:
    if found.ready:
        ready = len(found.ready)
        return ngettext("%(workers)s worker is ready.", "%(workers)s workers are ready.", ready) % {"workers": ready}
    alive = [worker for worker in found.workers if worker.is_alive]
    if not alive:
        seconds = settings.WORKER_SEEN_SECONDS
        return gettext("No worker was heard of in the last %(seconds)s seconds.") % {"seconds": seconds}
    if problem := problem_words(alive[0].problem):
        return gettext("No worker is ready: %(problem)s") % {"problem": problem}
    return gettext("No worker is ready: the voice model is still being loaded.")


def _lost(found: Operations) -> Iterator[str]:
    if found.lost:
        yield ngettext(
            "%(workers)s worker process ended without a word in the last hour.",
            "%(workers)s worker processes ended without a word in the last hour.",
            len(found.lost),
        ) % {"workers": len(found.lost)}


def _failed(number: int, trouble: int) -> Iterator[str]:
    if not number:
        return
    if trouble == number:
        words = ngettext(
            "%(analyses)s analysis failed in the last hour because of the system.",
            "%(analyses)s analyses failed in the last hour because of the system.",
            number,
        )
    elif trouble:
        words = gettext("%(analyses)s analyses failed in the last hour, %(trouble)s of them because of the system.")
    else:
        words = ngettext(
            "%(analyses)s analysis failed in the last hour, not because of the system.",
            "%(analyses)s analyses failed in the last hour, none because of the system.",
            number,
        )
    yield words % {"analyses": number, "trouble": trouble}


def _failure_row(failure: Failure) -> FailureRow:
    told = TRY_AGAIN if retry_can_help(failure.code) else RECORDING_TO_BLAME
    reason, advice = MACHINE_REASONS.get(failure.code, (error_words(failure.code, failure.message), told))
    return FailureRow(failure.code, str(reason), str(advice), failure.day, failure.latest)


def _worker_row(worker: WorkerState) -> WorkerRow:
    return WorkerRow(
        name=gettext("%(host)s, process %(pid)s") % {"host": worker.host, "pid": worker.pid},
        device=worker.device.upper(),
        model=problem_words(worker.problem) or worker.checkpoint or gettext("loading"),
        since=worker.started_at,
        heard=_heard(worker),
        is_ready=worker.is_ready,
    )


def _heard(worker: WorkerState) -> str:
    if worker.is_alive:
        return pgettext("heard of", "now")
    return gettext("%(time)s ago; it ended without a word") % {"time": how_long(worker.silent_for)}


def _spread(spread: Spread) -> str:
    if spread.median is None or spread.p95 is None:
        return "–"
    times = {"half": seconds_in_words(spread.median), "most": seconds_in_words(spread.p95)}
    return gettext("half within %(half)s, 95 in 100 within %(most)s") % times
