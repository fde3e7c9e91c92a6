"""The latest jobs of a clinic, each with its history: who moved it when, and why it failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Prefetch
from django.utils.translation import gettext

from accounts.models import Clinic, User
from inference.models import AnalysisJob, JobMove, JobState, Purpose
from inference.services import SWEEPER, is_worker
from sessions_app.dashboard.progress import progress_of
from sessions_app.dashboard.wording import seconds_in_words
from sessions_app.engine_words.errors import error_words
from sessions_app.job_facts import why_failed
from sessions_app.models import Recording
from sessions_app.scores import is_covered

LATEST = 20


@dataclass(frozen=True, slots=True)
class Move:
    """One line of a job's history."""

    at: datetime
    words: str
    reason: str


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job by its short id, with its history."""

    id: UUID
    is_snapshot: bool
    state: str
    words: str
    asked_at: datetime
    took: str
    attempts: int
    history: tuple[Move, ...]

    @property
    def short(self) -> str:
        """Enough of the id to find it in a log."""
        return str(self.id)[:8]


def latest_jobs(clinic: Clinic) -> tuple[JobRow, ...]:
    """The newest jobs of ``clinic``, newest first, in a number of queries that never changes."""
    moves = Prefetch("moves", queryset=JobMove.objects.order_by("pgh_id"))
    rows = AnalysisJob.objects.filter(tenant=clinic.id).order_by("-created_at", "id").prefetch_related(moves)[:LATEST]
    jobs: list[Any] = list(rows.annotate(took=F("finished_at") - F("started_at")))
    people = {str(person.id): person.display_name for person in User.objects.filter(clinic=clinic)}
    covered = _covered(jobs)
    return tuple(_job_row(job, people, has_consent=job.id in covered) for job in jobs)


def _covered(jobs: list[Any]) -> set[UUID]:
    """Jobs of which may be told what was heard: consent covers the session's day, or nobody knows whose voice it is."""
    found = Recording.objects.filter(id__in=[job.subject for job in jobs if job.subject])
    fetched = found.select_related("session__patient__clinic").prefetch_related("session__patient__consents")
    covered = {recording.id for recording in fetched if is_covered(recording.session)}
    return {job.id for job in jobs if job.subject is None or job.subject in covered}


def _job_row(job: Any, people: dict[str, str], *, has_consent: bool) -> JobRow:
    progress, moves = progress_of(job, has_consent=has_consent), list(job.moves.all())
    return JobRow(
        id=job.id,
        is_snapshot=job.purpose == Purpose.SNAPSHOT,
        state=job.state,
        words=f"{progress.words}, {progress.percent} %" if job.state == JobState.RUNNING else progress.words,
        asked_at=job.created_at,
        took=seconds_in_words(job.took) if job.state in (JobState.SUCCEEDED, JobState.FAILED) else "",
        attempts=sum(move.state == JobState.RUNNING for move in moves),
        history=tuple(
            Move(move.pgh_created_at, _moved(move, before, people), _reason(move, has_consent=has_consent))
            for before, move in zip([None, *moves], moves, strict=False)
        ),
    )


def _reason(move: Any, *, has_consent: bool) -> str:
    return error_words(*why_failed(move.error_code, move.error_message, has_consent=has_consent))


def _moved(move: Any, before: Any, people: dict[str, str]) -> str:
    return _what(move.state, before and before.state) % {"who": _who(move.moved_by, people)}


def _what(state: str, before: str | None) -> str:
    """What a job's way from state ``before`` (``None``: there was no job) to ``state`` is called."""
    match state:
        case JobState.RUNNING:
            return gettext("Taken over by %(who)s") if before == state else gettext("Begun by %(who)s")
        case JobState.SUCCEEDED:
            return gettext("Done by %(who)s")
        case JobState.FAILED:
            return gettext("Failed by %(who)s")
        case JobState.CANCELLED:
            return gettext("Cancelled by %(who)s")
    if before is None:
        return gettext("Asked for by %(who)s")
    return gettext("Put back by %(who)s") if before == JobState.RUNNING else gettext("Asked for again by %(who)s")


def _who(moved_by: str, people: dict[str, str]) -> str:
    if moved_by == SWEEPER:
        return gettext("the sweeper, which looks after jobs that were left behind")
    if is_worker(moved_by):
        return moved_by
    return people.get(moved_by) or gettext("somebody unknown")
