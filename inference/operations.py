"""How the analyses go: what waits, what was done or failed, how long it took, and who works.

All of it is read from the job rows, their moves and the workers' rows, with the database's clock, in as many queries
for ten jobs as for a million. Jobs that were deleted (snapshots, once they are answered) are in `tallies` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    Aggregate,
    Case,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce, Now

from inference.models import AnalysisJob, JobMove, JobState, JobTally, Worker

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Queue:
    """Work that is ahead. ``abandoned`` jobs were begun by a worker whose lease ran out, and wait again.

    ``oldest`` is how long the job has waited that waits longest, counted from when it was last queued or abandoned.
    """

    waiting: int
    running: int
    abandoned: int
    oldest: timedelta | None


@dataclass(frozen=True, slots=True)
class Period:
    """Jobs that ended within a period; one that failed and was tried again meanwhile has failed all the same."""

    done: int
    failed: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took; ``None`` where nothing is known."""

    median: timedelta | None
    p95: timedelta | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Jobs that failed for one reason, in the last 24 hours and the last one; ``message`` was shown for one of them."""

    code: str
    message: str
    day: int
    hour: int
    latest: datetime


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One worker process. ``checkpoint`` is empty until its model is loaded, and for ever where there is a problem."""

    host: str
    pid: int
    device: str
    checkpoint: str
    problem: str
    started_at: datetime
    seen_at: datetime
    silent_for: timedelta
    is_alive: bool

    @property
    def is_ready(self) -> bool:
        """Whether it takes jobs now."""
        return self.is_alive and bool(self.checkpoint) and not self.problem


@dataclass(frozen=True, slots=True)
class Operations:
    """The figures at one moment. ``waited`` (queued until begun), ``ran`` and ``retried`` are of the last 24 hours."""

    queue: Queue
    hour: Period
    day: Period
    waited: Spread
    ran: Spread
    retried: int
    failures: tuple[Failure, ...]
    workers: tuple[WorkerState, ...]

    @property
    def per_hour(self) -> float:
        """Jobs done per hour, over the last 24."""
        return self.day.done / (DAY / HOUR)

    @property
    def ready(self) -> tuple[WorkerState, ...]:
        """Workers that take jobs now."""
        return tuple(worker for worker in self.workers if worker.is_ready)

    @property
    def lost(self) -> tuple[WorkerState, ...]:
        """Workers that ended without a word within the hour."""
        return tuple(worker for worker in self.workers if not worker.is_alive and worker.silent_for < HOUR)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many jobs ever moved into ``state``, with ``error_code`` where they failed; it only ever grows."""

    state: str
    error_code: str
    total: int


def operations(tenant: UUID | None = None) -> Operations:
    """The figures of ``tenant``'s jobs, or of all; workers serve everybody."""
    jobs, moves = AnalysisJob.objects.open(), JobMove.objects.filter(pgh_created_at__gte=Now() - DAY)
    if tenant is not None:
        jobs, moves = jobs.filter(tenant=tenant), moves.filter(pgh_obj__tenant=tenant)
    recent = _recent(moves)
    return Operations(
        queue=_queue(jobs),
        hour=Period(recent["done_hour"], recent["failed_hour"], recent["cancelled_hour"]),
        day=Period(recent["done_day"], recent["failed_day"], recent["cancelled_day"]),
        waited=Spread(recent["waited_median"], recent["waited_p95"]),
        ran=Spread(recent["ran_median"], recent["ran_p95"]),
        retried=recent["retried"],
        failures=_failures(moves),
        workers=workers(),
    )


def workers() -> tuple[WorkerState, ...]:
    """Workers that are alive, and after them those that ended without a word.

    A worker that ends in good order takes its row away; rows of others go an hour later, when a new worker comes.
    """
    rows: Any = Worker.objects.with_liveness()
    return tuple(
        WorkerState(
            host=row.host,
            pid=row.pid,
            device=row.device,
            checkpoint=f"{row.checkpoint_name} {row.checkpoint_version}".strip(),
            problem=row.problem,
            started_at=row.started_at,
            seen_at=row.seen_at,
            silent_for=row.silent_for,
            is_alive=row.is_alive,
        )
        for row in rows.order_by("-is_alive", "host", "pid", "-seen_at")
    )


def tallies() -> tuple[Tally, ...]:
    """Every count there is, of all tenants."""
    rows = JobTally.objects.order_by("state", "error_code")
    return tuple(Tally(row.state, row.error_code, row.total) for row in rows)


class _Percentile(Aggregate):
    """PostgreSQL's percentile_cont, which Django does not have: ``_Percentile("ran", fraction=0.95)``."""

    template = "PERCENTILE_CONT(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def _queue(jobs: QuerySet[AnalysisJob]) -> Queue:
    """Of jobs that are open."""
    queued, abandoned = Q(state=JobState.QUEUED), Q(state=JobState.RUNNING, lease_until__lt=Now())
    last_move = JobMove.objects.filter(pgh_obj=OuterRef("pk")).order_by("-pgh_id").values("pgh_created_at")[:1]
    since = Case(
        When(queued, then=Coalesce(Subquery(last_move), F("created_at"))),
        When(abandoned, then=F("lease_until")),
        output_field=DateTimeField(null=True),
    )
    found = jobs.annotate(waits_since=since).aggregate(
        open=Count("pk"),
        waiting=Count("pk", filter=queued),
        abandoned=Count("pk", filter=abandoned),
        oldest=ExpressionWrapper(Now() - Min("waits_since"), output_field=DurationField()),
    )
    running = found["open"] - found["waiting"] - found["abandoned"]
    return Queue(found["waiting"], running, found["abandoned"], found["oldest"])


def _recent(moves: QuerySet[Any]) -> dict[str, Any]:
    """Counts and spreads over the moves of the last 24 hours; each move knows from which state it came, and when."""
    earlier = JobMove.objects.filter(pgh_obj=OuterRef("pgh_obj"), pgh_id__lt=OuterRef("pgh_id")).order_by("-pgh_id")
    begun, ended = Q(state=JobState.RUNNING), Q(state__in=[JobState.SUCCEEDED, JobState.FAILED])
    last_hour = Q(pgh_created_at__gte=Now() - HOUR)
    ends = {"done": JobState.SUCCEEDED, "failed": JobState.FAILED, "cancelled": JobState.CANCELLED}
    counts = {f"{name}_day": Count("pk", filter=Q(state=state)) for name, state in ends.items()}
    counts |= {f"{name}_hour": Count("pk", filter=Q(state=state) & last_hour) for name, state in ends.items()}
    spans = {"waited": begun & Q(came_from=JobState.QUEUED), "ran": ended & Q(came_from=JobState.RUNNING)}
    shares = {"median": 0.5, "p95": 0.95}
    spreads = {
        f"{name}_{share}": _Percentile("lasted", fraction=fraction, filter=which)
        for name, which in spans.items()
        for share, fraction in shares.items()
    }
    lasted = ExpressionWrapper(F("pgh_created_at") - F("came_at"), output_field=DurationField())
    told = (
        moves.exclude(state=JobState.QUEUED)
        .annotate(
            came_from=Subquery(earlier.values("state")[:1]), came_at=Subquery(earlier.values("pgh_created_at")[:1])
        )
        .annotate(lasted=lasted)
    )
    found: dict[str, Any] = told.aggregate(**counts, **spreads, retried=Count("pk", filter=begun & Q(attempt__gt=1)))
    return found


def _failures(moves: QuerySet[Any]) -> tuple[Failure, ...]:
    rows = (
        moves.filter(state=JobState.FAILED)
        .values("error_code")
        .annotate(
            message=Max("error_message"),
            day=Count("pk"),
            hour=Count("pk", filter=Q(pgh_created_at__gte=Now() - HOUR)),
            latest=Max("pgh_created_at"),
        )
        .order_by("-day", "error_code")
    )
    return tuple(Failure(row.pop("error_code"), **row) for row in rows)
