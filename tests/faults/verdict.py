"""What became of everything that was accepted: lost, doubled, stuck or wrong? And how soon."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from django.core.files.storage import default_storage
from django.db.models import Count

from inference.models import Analysis, AnalysisJob, JobMove, JobState
from sessions_app import storage
from sessions_app.models import Recording
from tests.faults.trial import SUCCEEDED, Accepted, Trial

FINAL = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


@dataclass
class Row:
    """The count of one kind. ``recovery``: seconds from a fault to the end of each job that was open then."""

    kind: str
    faults: int = 0
    jobs: int = 0
    lost: int = 0
    doubled: int = 0
    stuck: int = 0
    wrong: int = 0
    recovery: list[float] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, other: Row) -> None:
        """Count ``other`` too."""
        for name in ("faults", "jobs", "lost", "doubled", "stuck", "wrong"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.recovery += other.recovery


@dataclass
class Verdict:
    """All rows, and the files that no row knows."""

    rows: list[Row]
    orphans: list[str]

    @property
    def total(self) -> Row:
        """The sum over all kinds."""
        return self._sum("all", "")

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, doubled, stuck, wrong or orphaned."""
        total = self.total
        return not (total.lost or total.doubled or total.stuck or total.wrong or self.orphans)

    def table(self) -> str:
        """The rows as text."""
        counts = f"{'faults':>6} {'jobs':>5} {'lost':>5} {'doubled':>7} {'stuck':>5} {'wrong':>5}"
        head = f"{'fault':<44} {counts} {'p50 s':>7} {'p95 s':>7}"
        sums = (self._sum("all SIGKILL", "SIGKILL"), self.total)
        return "\n".join([head, *map(_line, [*self.rows, *sums]), *self._remarks()])

    def _sum(self, name: str, start: str) -> Row:
        """The sum over the kinds whose names begin with ``start``."""
        total = Row(name)
        for row in self.rows:
            if row.kind.startswith(start):
                total.add(row)
        return total

    def _remarks(self) -> Iterable[str]:
        for row in self.rows:
            yield from (f"  {row.kind}: {remark}" for remark in row.remarks)
        yield f"files that no row knows: {len(self.orphans)}{''.join(f' {name}' for name in self.orphans[:10])}"


def verdict(trials: list[Trial]) -> Verdict:
    """Look at every accepted recording of ``trials``, and at every file in storage."""
    rows: dict[str, Row] = {}
    for trial in trials:
        row = rows.setdefault(trial.kind, Row(trial.kind))
        row.faults += trial.struck_at is not None
        row.stuck += trial.stuck
        row.wrong += len(trial.problems) + (trial.struck_at is None)
        row.remarks += trial.problems
        for job in trial.accepted:
            _judge(row, trial, job)
    return Verdict([rows[kind] for kind in sorted(rows)], orphans())


def orphans() -> list[str]:
    """Names of files in storage that nothing points at."""
    named = set(Recording.objects.values_list("file", flat=True))
    root = Path(default_storage.path(""))
    found = (str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    return sorted(name for name in found if name not in named)


def _judge(row: Row, trial: Trial, accepted: Accepted) -> None:
    row.jobs += 1
    expected = trial.expected.get(accepted.job, SUCCEEDED)
    job = AnalysisJob.objects.filter(id=accepted.job).first()
    if expected == "deleted":
        if job is not None or Recording.objects.filter(id=accepted.recording).exists():
            row.wrong += 1
            row.remarks.append("something of a deleted recording is left")
        return
    if job is None or not _is_kept(accepted, gone=expected == "failed file_gone"):
        row.lost += 1
        return
    row.doubled += _ends(job.id) > 1 or Analysis.objects.filter(subject=accepted.recording).count() > 1
    row.doubled += _twins(accepted) > 1
    if job.is_open:
        row.stuck += not trial.stuck
    elif f"{job.state} {job.error_code}".strip() != expected:
        row.wrong += 1
        row.remarks.append(f"ended as '{job.state} {job.error_code}' instead of '{expected}' (job {job.id})")
    elif trial.struck_at and job.finished_at and job.finished_at.timestamp() > trial.struck_at:
        row.recovery.append(job.finished_at.timestamp() - trial.struck_at)


def _is_kept(accepted: Accepted, *, gone: bool) -> bool:
    recording = Recording.objects.filter(id=accepted.recording, job=accepted.job).first()
    if recording is None:
        return False
    return gone or (default_storage.exists(recording.file) and storage.digest(recording.file) == accepted.sha256)


def _ends(job: uuid.UUID) -> int:
    """How often a job reached its end."""
    return JobMove.objects.filter(pgh_obj_id=job, state__in=FINAL).count()


def _twins(accepted: Accepted) -> int:
    """How many recordings there are of the same bytes in the same session."""
    same = Recording.objects.filter(sha256=accepted.sha256).values("session").annotate(number=Count("id"))
    return max((row["number"] for row in same), default=0)


def _line(row: Row) -> str:
    middle, most = (f"{value:7.1f}" for value in np.quantile(row.recovery, [0.5, 0.95])) if row.recovery else ("-", "-")
    counts = f"{row.faults:>6} {row.jobs:>5} {row.lost:>5} {row.doubled:>7} {row.stuck:>5} {row.wrong:>5}"
    return f"{row.kind:<44} {counts} {middle:>7} {most:>7}"
