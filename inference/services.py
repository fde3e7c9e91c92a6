"""The life of a job, one verb per function. Every change of state is one guarded UPDATE.

A worker holds a job by a lease: a random token and an end time from the database's clock. Whoever no longer holds
the token writes nothing, so a worker that was away too long cannot overwrite the result of the one that replaced it.
"""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from inference import results, tasks
from inference.errors import WorkerLost
from inference.models import Analysis, AnalysisJob, JobState, Priority, Purpose, Timeline, Worker
from inference.results import HEADS, HeadName, Score
from inference.signals import analysis_finished, job_failed

WORKER = "worker"
SWEEPER = "sweeper"
"""Who moves a job that nobody else can."""

FORGET_AFTER_SECONDS = 60.0

# From each name straight to the next one in the index: DISTINCT would read every analysis of the clinic.
_NAMES_OF_CHECKPOINTS = """
    WITH RECURSIVE names AS (
        (SELECT checkpoint_name AS name FROM inference_analysis WHERE tenant = %(tenant)s ORDER BY 1 LIMIT 1)
        UNION ALL
        SELECT (
            SELECT checkpoint_name FROM inference_analysis
            WHERE tenant = %(tenant)s AND checkpoint_name > names.name ORDER BY 1 LIMIT 1
        ) FROM names WHERE names.name IS NOT NULL
    )
    SELECT name FROM names WHERE name IS NOT NULL
"""

_BACK_IN_THE_QUEUE: dict[str, Any] = {
    "state": JobState.QUEUED,
    "lease_token": None,
    "lease_until": None,
    "stage": "",
    "progress": 0.0,
}


def worker_name() -> str:
    """This process, as the history of a job names it."""
    return f"{WORKER} {socket.gethostname()[:200]}:{os.getpid()}"


def is_worker(moved_by: str) -> bool:
    """Whether it was a worker who moved a job, and not a person or the sweeper."""
    return moved_by.startswith(f"{WORKER} ")


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on a job: which job, and the token that proves it."""

    job_id: uuid.UUID
    tenant: uuid.UUID
    token: uuid.UUID
    attempt: int
    worker: str = field(default_factory=worker_name)

    @property
    def held(self) -> QuerySet[AnalysisJob]:
        """The job's row if this claim still holds it, else nothing."""
        return AnalysisJob.objects.filter(id=self.job_id, state=JobState.RUNNING, lease_token=self.token)


def job_enqueue(
    *,
    tenant: uuid.UUID,
    file: str,
    by: str,
    subject: uuid.UUID | None = None,
    purpose: Purpose = Purpose.SESSION,
    priority: Priority = Priority.PERSON,
    options: dict[str, Any] | None = None,
) -> AnalysisJob:
    """Write a new job, asked for by ``by`` (a person's id), and tell a worker of it once the transaction commits."""
    job = AnalysisJob(
        tenant=tenant,
        subject=subject,
        purpose=purpose,
        priority=priority,
        file=file,
        moved_by=by,
        options=options or {},
        checkpoint=settings.CHECKPOINT,
    )
    job.full_clean(exclude=["created_at"])
    job.save()
    transaction.on_commit(lambda: job_send(job.id))
    return job


def job_send(job_id: uuid.UUID) -> None:
    """Send the message that points a worker at this job. A message that is lost costs only time: see `sweep`."""
    for priority in AnalysisJob.objects.filter(id=job_id).values_list("priority", flat=True):
        AnalysisJob.objects.filter(id=job_id).update(sent_at=Now())
        tasks.publish(job_id, priority)


def job_claim(job_id: uuid.UUID) -> Claim | None:
    """Take the job for this worker, or ``None`` if another has it or it needs no work. Counts the attempt."""
    token, worker = uuid.uuid4(), worker_name()
    taken = (
        AnalysisJob.objects.claimable()
        .filter(id=job_id, attempt__lt=settings.MAX_ATTEMPTS)
        .update(
            state=JobState.RUNNING,
            moved_by=worker,
            lease_token=token,
            lease_until=Now() + timedelta(seconds=settings.LEASE_SECONDS),
            attempt=F("attempt") + 1,
            started_at=Now(),
            stage="",
            progress=0.0,
        )
    )
    if not taken:
        return None
    # It may have been deleted since.
    for tenant, attempt in AnalysisJob.objects.filter(id=job_id).values_list("tenant", "attempt"):
        return Claim(job_id, tenant, token, attempt, worker)
    return None


def job_renew(claim: Claim, *, stage: str, progress: float) -> bool:
    """Lengthen the lease and show how far the work is. False when the job is no longer this worker's."""
    lease_until = Now() + timedelta(seconds=settings.LEASE_SECONDS)
    return bool(claim.held.update(lease_until=lease_until, stage=stage, progress=progress))


@transaction.atomic
def job_succeed(claim: Claim, analysis: results.Analysis) -> Analysis | None:
    """Store the analysis and close the job, both or neither. ``None`` (and nothing written) if the lease is gone."""
    if not _close(claim, state=JobState.SUCCEEDED, progress=1.0, stage=""):
        return None
    job = AnalysisJob.objects.get(id=claim.job_id)
    row = Analysis.objects.create(job=job, tenant=job.tenant, subject=job.subject, **_columns(analysis))
    Timeline.objects.create(analysis=row, **_timeline_columns(analysis))
    analysis_finished.send(sender=AnalysisJob, job=job, analysis=row)
    return row


@transaction.atomic
def job_fail(claim: Claim, *, code: str, message: str) -> bool:
    """Close the job with an error that a second try would not mend."""
    closed = _close(claim, state=JobState.FAILED, error_code=code, error_message=message)
    if closed:
        job_failed.send(sender=AnalysisJob, job=AnalysisJob.objects.get(id=claim.job_id))
    return closed


def job_give_back(claim: Claim, *, code: str, message: str) -> None:
    """Return the job to the queue after trouble of the machine; fail it when it has had its three attempts.

    No message is sent: the sweeper sends it when the trouble may be over, ``RESEND_SECONDS`` after the first attempt
    and three times that after the second.
    """
    if claim.attempt >= settings.MAX_ATTEMPTS:
        job_fail(claim, code=code, message=message)
        return
    # The sweeper counts from here.
    sent_at = Now() + timedelta(seconds=settings.RESEND_SECONDS * 2 * (claim.attempt - 1))
    claim.held.update(moved_by=claim.worker, sent_at=sent_at, **_BACK_IN_THE_QUEUE)


def job_hand_over(claim: Claim) -> bool:
    """Put the job back for another worker because this one was told to stop; the attempt does not count."""
    with transaction.atomic():
        changed = claim.held.update(moved_by=claim.worker, attempt=F("attempt") - 1, **_BACK_IN_THE_QUEUE)
        if changed:
            transaction.on_commit(lambda: job_send(claim.job_id))
    return bool(changed)


def job_retry(job_id: uuid.UUID, *, by: str) -> bool:
    """Queue a failed or cancelled job again for ``by``, with three new attempts. False if it is in another state."""
    with transaction.atomic():
        changed = AnalysisJob.objects.filter(id=job_id, state__in=[JobState.FAILED, JobState.CANCELLED]).update(
            state=JobState.QUEUED,
            moved_by=by,
            attempt=0,
            error_code="",
            error_message="",
            finished_at=None,
            stage="",
            progress=0.0,
        )
        if changed:
            transaction.on_commit(lambda: job_send(job_id))
    return bool(changed)


def job_cancel(job_id: uuid.UUID, *, by: str) -> bool:
    """End an open job without a result, for ``by``. A worker that holds it notices at its next renewal."""
    return bool(
        AnalysisJob.objects.open()
        .filter(id=job_id)
        .update(state=JobState.CANCELLED, moved_by=by, lease_token=None, lease_until=None, finished_at=Now())
    )


def jobs_hold(*, subject: uuid.UUID) -> None:
    """Keep workers from finishing a job of ``subject`` until the transaction ends."""
    list(AnalysisJob.objects.select_for_update().filter(subject=subject).values_list("id"))


def jobs_open(*, subject: uuid.UUID) -> bool:
    """Whether work on ``subject`` is still ahead."""
    return AnalysisJob.objects.open().filter(subject=subject).exists()


def jobs_point_at(*, subject: uuid.UUID, file: str) -> None:
    """Let every job of ``subject`` name another file, which holds the same. For when none is open."""
    AnalysisJob.objects.filter(subject=subject).update(file=file)


def jobs_forget(*, subject: uuid.UUID) -> dict[str, int]:
    """Delete every job of ``subject``, held or not, with its analysis. A worker that holds one can store nothing.

    Returns how many rows went, by the name of their model.
    """
    return AnalysisJob.objects.filter(subject=subject).delete()[1]


def analyses_forget(*, subject: uuid.UUID) -> None:
    """Delete every analysis of ``subject`` with its timeline, and whatever points at it."""
    Analysis.objects.filter(subject=subject).delete()


def checkpoint_names(*, tenant: uuid.UUID) -> list[str]:
    """The checkpoints that analyses of ``tenant`` were made with, in order, as quickly for a million as for ten."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES_OF_CHECKPOINTS, {"tenant": tenant})
        return [name for (name,) in cursor.fetchall()]


def scores_withhold(analysis: Analysis, reason: str) -> None:
    """Take the scores out of ``analysis``, over time too, and say why. For within the transaction that stores it."""
    none = Score.unavailable(reason)
    for head in HEADS:
        for column, value in _score_columns(head, none).items():
            setattr(analysis, column, value)
        setattr(analysis.timeline, head, [None] * len(analysis.timeline.start))
    analysis.save()
    analysis.timeline.save()


def sweep() -> int:
    """Send again every job that waits without a message, fail those that used up their attempts, forget what is over.

    Safe to run in several processes at once: a job that is sent twice is claimed once. Only as many are sent as the
    broker has too few messages for the jobs that wait, those first that were sent longest ago, so that a long queue
    does not grow by being swept. (A worker holds a message or two in its hand; these are sent once more for nothing.)
    Returns how many were sent.
    """
    snapshots_forget()
    Worker.objects.long_gone().delete()
    for job in AnalysisJob.objects.claimable().filter(attempt__gte=settings.MAX_ATTEMPTS):
        _fail_as_lost(job)
    waiting = AnalysisJob.objects.left_waiting(settings.RESEND_SECONDS).order_by(F("sent_at").asc(nulls_first=True))
    missing = AnalysisJob.objects.claimable().count() - tasks.messages_waiting()
    lost = list(waiting.values_list("id", flat=True)[: max(0, missing)])
    for job_id in lost:
        job_send(job_id)
    return len(lost)


def snapshots_forget() -> int:
    """Delete audio and result of snapshots whose caller can no longer be waiting, because the web server was killed.

    Returns how many there were; usually none, as a snapshot is deleted before its answer is sent.
    """
    age = timedelta(seconds=settings.SNAPSHOT_WAIT_SECONDS + FORGET_AFTER_SECONDS)
    left = list(AnalysisJob.objects.filter(purpose=Purpose.SNAPSHOT, created_at__lt=Now() - age))
    for job in left:
        default_storage.delete(job.file)
        job.delete()
    return len(left)


@transaction.atomic
def _fail_as_lost(job: AnalysisJob) -> None:
    changed = (
        AnalysisJob.objects.claimable()
        .filter(id=job.id, attempt__gte=settings.MAX_ATTEMPTS)
        .update(
            state=JobState.FAILED,
            moved_by=SWEEPER,
            lease_token=None,
            lease_until=None,
            error_code=WorkerLost.code,
            error_message=WorkerLost.default_message,
            finished_at=Now(),
        )
    )
    if changed:
        job_failed.send(sender=AnalysisJob, job=AnalysisJob.objects.get(id=job.id))


def _close(claim: Claim, **changes: Any) -> bool:
    return bool(
        claim.held.update(moved_by=claim.worker, lease_token=None, lease_until=None, finished_at=Now(), **changes)
    )


def _columns(analysis: results.Analysis) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "sha256": analysis.sha256,
        "duration": analysis.duration,
        "speech_seconds": analysis.speech_seconds,
        "speaker_method": analysis.speaker_method,
        "excluded_seconds": analysis.excluded_seconds,
        "pipeline_version": analysis.pipeline_version,
        "checkpoint_name": analysis.checkpoint.name,
        "checkpoint_version": analysis.checkpoint.version,
        "checkpoint_sha256": analysis.checkpoint.sha256,
        "quality": [asdict(check) for check in analysis.quality.checks],
        "biomarkers": {code: asdict(measure) for code, measure in analysis.biomarkers.items()},
        "timings": analysis.timings,
    }
    for head, score in analysis.scores.items():
        columns |= _score_columns(head, score)
    return columns


def _score_columns(head: HeadName, score: Score) -> dict[str, Any]:
    return {
        head: score.value,
        f"{head}_low": score.low,
        f"{head}_high": score.high,
        f"{head}_state": score.state,
        f"{head}_reason": score.reason or "",
    }


def _timeline_columns(analysis: results.Analysis) -> dict[str, Any]:
    timeline = analysis.timeline
    return {
        "start": list(timeline.start),
        "end": list(timeline.end),
        "depression": list(timeline.depression),
        "valence": list(timeline.valence),
        "arousal": list(timeline.arousal),
        "turns": [[turn.start, turn.end, turn.speaker] for turn in analysis.turns],
        "peaks": list(analysis.peaks),
    }
