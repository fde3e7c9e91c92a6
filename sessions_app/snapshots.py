"""Analysing one file while the caller waits, and keeping neither the audio nor the result.

A caller may go away at any time: the waiting goes on to its end, and everything is deleted as usual. Should this
process be killed meanwhile, `inference.services.sweep` finds the job row and deletes what was left.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction

from accounts import access_log
from accounts.models import Clinic, User
from accounts.policy import Action, may
from inference import services as jobs
from inference.errors import AnalysisError
from inference.models import Analysis, AnalysisJob, JobState, Priority, Purpose, Worker
from sessions_app import files, storage
from sessions_app.errors import NoWorker, SnapshotTooSlow
from sessions_app.scores import refusal_by_policy
from tenancy import every_clinic

POLL_SECONDS = 0.1
WAITING_PER_WORKER = 4
"""Callers that may wait for one worker at a time: each holds a thread and a database connection of the web server."""
SNAPSHOT_LOCK = 0x554E44_534E41
"""Key of the advisory lock under which snapshots are counted and queued."""


def snapshot_analyze(*, user: User, upload: UploadedFile[bytes], patient_channel: str = "") -> Analysis:
    """Analyse one file and return rows (analysis and timeline) that are no longer in the database.

    Must be called outside a transaction: the worker has to see the job. The clinic's policy is asked before the
    analysis and again before its result is given. Raises `AffectSwitchedOff` where the clinic shows no scores,
    `NoWorker` when no worker has its model loaded, `SnapshotTooSlow` when too many are waiting or the result did not
    come in time, and the analysis' own `AnalysisError`.
    """
    _ask_role(user)
    _ask_policy(user)
    _log(user, allowed=True)
    _ask_room()
    if connection.in_atomic_block:
        raise RuntimeError("A snapshot inside a transaction would wait for a job that no worker can see.")
    options = {"patient_channel": patient_channel} if patient_channel else {}
    with _stored_for_now(user, upload) as stored, _job_for_now(user, stored, options) as job:
        analysis = _wait_for(job)
    # The clinic may have switched scores off while the caller waited.
    _ask_policy(user)
    return analysis


def _ask_role(user: User) -> None:
    if not may(user, Action.SNAPSHOT):
        _log(user, allowed=False)
        raise PermissionDenied


def _ask_policy(user: User) -> None:
    refusal = refusal_by_policy(Clinic.objects.get(id=user.clinic_id))
    if refusal is not None:
        _log(user, allowed=False)
        raise refusal


def _log(user: User, *, allowed: bool) -> None:
    access_log.record(actor=user, action=Action.SNAPSHOT, object_kind="recording", allowed=allowed)


def _ask_room() -> None:
    workers = Worker.objects.ready().count()
    if not workers:
        raise NoWorker
    # Workers serve all clinics alike.
    with every_clinic():
        waiting = AnalysisJob.objects.open().filter(purpose=Purpose.SNAPSHOT).count()
    if waiting >= workers * WAITING_PER_WORKER:
        raise SnapshotTooSlow


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SNAPSHOT_LOCK])


@contextmanager
def _stored_for_now(user: User, upload: UploadedFile[bytes]) -> Iterator[storage.StoredFile]:
    # Claimed by nothing, so that it is deleted at the end, or by tidying should this process be killed.
    with files.taken_in(upload, storage.SNAPSHOTS, user.clinic_id) as stored:
        yield stored


@contextmanager
def _job_for_now(user: User, stored: storage.StoredFile, options: dict[str, str]) -> Iterator[AnalysisJob]:
    with transaction.atomic():
        # Asked again, one caller at a time: many at once would each have found room before the first job was there.
        _one_at_a_time()
        _ask_room()
        job = jobs.job_enqueue(
            tenant=user.clinic_id,
            file=stored.name,
            by=str(user.id),
            purpose=Purpose.SNAPSHOT,
            priority=Priority.CALLER,
            options=options,
        )
    try:
        yield job
    finally:
        # First the state: a worker that holds the job finds at its next renewal that nobody wants it any more.
        jobs.job_cancel(job.id, by=job.moved_by)
        AnalysisJob.objects.filter(id=job.id).delete()


def _wait_for(job: AnalysisJob) -> Analysis:
    deadline = time.monotonic() + settings.SNAPSHOT_WAIT_SECONDS
    while time.monotonic() < deadline:
        job.refresh_from_db()
        if job.state == JobState.SUCCEEDED:
            return Analysis.objects.select_related("timeline").get(job=job)
        if job.state == JobState.FAILED:
            raise _failure(job)
        if not job.is_open:
            break
        time.sleep(POLL_SECONDS)
    raise SnapshotTooSlow


def _failure(job: AnalysisJob) -> AnalysisError:
    error = AnalysisError(job.error_message)
    error.code = job.error_code
    return error
