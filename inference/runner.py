"""Runs one job in a worker's child process: claim, analyse while the lease is renewed, store or explain."""

from __future__ import annotations

import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection

import tenancy
from inference import clips, results, services, worker
from inference.audio import decode
from inference.errors import AnalysisError, FileGone, InternalError, MachineTrouble
from inference.heartbeat import Heartbeat, LeaseLost
from inference.models import AnalysisJob
from inference.pipeline import Options, analyze
from inference.services import Claim
from inference.signals import analysis_starting, counselor_voice_asked
from inference.stored import Stored

log = structlog.get_logger(__name__)

AWAY = (OperationalError, InterfaceError)
"""What a database says that is away."""

MACHINE = (MemoryError, OSError, *AWAY)
"""Trouble of the machine, which may be over at the next attempt."""

WRITE_AGAIN_SECONDS = (0.0, 1.0, 3.0, 10.0)

T = TypeVar("T")


def run(job_id: uuid.UUID) -> None:
    """Analyse the job if it can be claimed; every outcome ends in the job's row."""
    # A message says which job, and only the job whose it is.
    with tenancy.every_clinic():
        if worker.leaving():
            services.job_send(job_id)
            return
        claim = services.job_claim(job_id)
    if claim is None:
        return
    started = time.monotonic()
    with tenancy.acting_for(claim.tenant):
        outcome = _run_claimed(claim)
    log.info("job_done", job_id=str(job_id), outcome=outcome, seconds=round(time.monotonic() - started, 2))


def _run_claimed(claim: Claim) -> str:
    try:
        with Heartbeat(claim) as heartbeat:
            analysis = _analyze(claim, heartbeat)
        return "succeeded" if _written(lambda: services.job_succeed(claim, analysis)) else "lease_lost"
    except LeaseLost:
        return "lease_lost"
    except AnalysisError as error:
        return _failed(claim, error)
    except FileNotFoundError:
        return _failed(claim, FileGone())
    except Exception as error:  # noqa: BLE001 - every outcome ends in the job's row
        if isinstance(error, MACHINE) or worker.is_out_of_memory(error):
            return _given_back(claim, error)
        _note("internal_error", claim, error)
        return _failed(claim, InternalError())


def _given_back(claim: Claim, error: Exception) -> str:
    _note("machine_trouble", claim, error)
    trouble = MachineTrouble()
    try:
        _written(lambda: services.job_give_back(claim, code=trouble.code, message=trouble.message))
    except AWAY:
        # The lease will run out, and the sweeper will find the job.
        _note("left_to_the_sweeper", claim, error)
    return trouble.code


def _failed(claim: Claim, error: AnalysisError) -> str:
    _written(lambda: services.job_fail(claim, code=error.code, message=error.message))
    return error.code


def _note(event: str, claim: Claim, error: Exception) -> None:
    """Where it happened, but not the message: a database's quotes the row."""
    where = traceback.format_tb(error.__traceback__)
    log.error(event, job_id=str(claim.job_id), error=type(error).__name__, where=where)


def _written(write: Callable[[], T]) -> T:
    """What ``write`` returns; tried again on a fresh connection, so that a short absence costs no analysis."""
    for pause in WRITE_AGAIN_SECONDS:
        try:
            return write()
        except AWAY:
            log.warning("database_away", again_in=pause)
            connection.close()
            time.sleep(pause)
    return write()


def _analyze(claim: Claim, heartbeat: Heartbeat) -> results.Analysis:
    job = AnalysisJob.objects.filter(id=claim.job_id).first()
    if job is None:
        raise LeaseLost
    withheld = [reason for _, reason in analysis_starting.send(sender=AnalysisJob, job=job) if reason]
    recording, clip = Stored(job.file), _clip(job, heartbeat)
    options = Options(
        patient_channel=job.options.get("patient_channel"),
        swapped=job.options.get("swapped", False),
        counselor_voice=clip,
        withhold_affect=withheld[0] if withheld else None,
    )
    checkpoint = worker.checkpoint(job.checkpoint)
    try:
        return analyze(recording, options, checkpoint, progress=heartbeat.progress, length=heartbeat.length)
    except FileNotFoundError:
        if clip is None or clip.exists():
            raise
        # The counselor deleted the clip meanwhile, which must cost nobody an analysis.
        options = replace(options, counselor_voice=None)
        return analyze(recording, options, checkpoint, progress=heartbeat.progress, length=heartbeat.length)


def _clip(job: AnalysisJob, heartbeat: Heartbeat) -> Stored | None:
    """The counselor's clip as it is today. One that is gone or damaged is no reason to fail."""
    if "patient_channel" in job.options or "swapped" in job.options:
        return None
    names = [name for _, name in counselor_voice_asked.send(sender=AnalysisJob, job=job) if name]
    if not names:
        return None
    clip = Stored(names[0])
    try:
        decode(clip, longest=clips.LONGEST, progress=lambda _: heartbeat.progress("", 0.0))
    except (AnalysisError, FileNotFoundError):
        log.warning("clip_not_used", job_id=str(job.id))
        return None
    return clip
