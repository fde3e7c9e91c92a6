"""Runs one job in a worker's child process: claim, analyse while the lease is renewed, store or explain."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import structlog
from django.core.files.storage import default_storage
from django.db import Error, InterfaceError, OperationalError, connection

from inference import clips, results, services, worker
from inference.audio import decode
from inference.errors import AnalysisError
from inference.heartbeat import Heartbeat, LeaseLost
from inference.models import AnalysisJob
from inference.pipeline import Options, analyze
from inference.services import Claim
from inference.signals import analysis_starting, counselor_voice_asked

log = structlog.get_logger(__name__)

MACHINE_TROUBLE = "machine_trouble"
MACHINE_TROUBLE_MESSAGE = "The server ran out of memory or disk space, or lost its storage. Please try again later."
FILE_GONE = "file_gone"
FILE_GONE_MESSAGE = "The recording is no longer in storage. Please upload it again."
INTERNAL_ERROR = "internal_error"
INTERNAL_ERROR_MESSAGE = "Something went wrong inside Undertone while analysing this recording. It has been logged."
WRITE_AGAIN_SECONDS = (0.0, 1.0, 3.0, 10.0)

T = TypeVar("T")


def run(job_id: uuid.UUID) -> None:
    """Analyse the job if it can be claimed; every outcome ends in the job's row."""
    if worker.leaving():
        services.job_send(job_id)
        return
    claim = services.job_claim(job_id)
    if claim is None:
        return
    started = time.monotonic()
    outcome = _run_claimed(claim)
    log.info("job_done", job_id=str(job_id), outcome=outcome, seconds=round(time.monotonic() - started, 2))


def _run_claimed(claim: Claim) -> str:
    try:
        analysis = _analyze(claim)
    except LeaseLost:
        return "lease_lost"
    except AnalysisError as error:
        return _fail(claim, error.code, error.message)
    except FileNotFoundError:
        return _fail(claim, FILE_GONE, FILE_GONE_MESSAGE)
    except Exception as error:
        if isinstance(error, MemoryError | OSError | Error) or worker.is_out_of_memory(error):
            return _give_back(claim)
        log.exception("internal_error", job_id=str(claim.job_id))
        return _fail(claim, INTERNAL_ERROR, INTERNAL_ERROR_MESSAGE)
    return "succeeded" if _written(lambda: services.job_succeed(claim, analysis)) else "lease_lost"


def _give_back(claim: Claim) -> str:
    log.exception("machine_trouble", job_id=str(claim.job_id))
    _written(lambda: services.job_give_back(claim, code=MACHINE_TROUBLE, message=MACHINE_TROUBLE_MESSAGE))
    return MACHINE_TROUBLE


def _fail(claim: Claim, code: str, message: str) -> str:
    _written(lambda: services.job_fail(claim, code=code, message=message))
    return code


def _written(write: Callable[[], T]) -> T:
    """What ``write`` returns; tried again on a fresh connection, so that a short absence costs no analysis."""
    for pause in WRITE_AGAIN_SECONDS:
        try:
            return write()
        except (OperationalError, InterfaceError):
            log.warning("database_away", again_in=pause)
            connection.close()
            time.sleep(pause)
    return write()


def _analyze(claim: Claim) -> results.Analysis:
    job = AnalysisJob.objects.filter(id=claim.job_id).first()
    if job is None:
        raise LeaseLost
    withheld = [reason for _, reason in analysis_starting.send(sender=AnalysisJob, job=job) if reason]
    path, clip = Path(default_storage.path(job.file)), _clip(job)
    options = Options(
        patient_channel=job.options.get("patient_channel"),
        swapped=job.options.get("swapped", False),
        counselor_voice=clip,
        withhold_affect=withheld[0] if withheld else None,
    )
    checkpoint = worker.checkpoint(job.checkpoint)
    with Heartbeat(claim) as heartbeat:
        try:
            return analyze(path, options, checkpoint, progress=heartbeat.progress, length=heartbeat.length)
        except FileNotFoundError:
            if clip is None or clip.exists():
                raise
            # The counselor deleted the clip meanwhile, which must cost nobody an analysis.
            options = replace(options, counselor_voice=None)
            return analyze(path, options, checkpoint, progress=heartbeat.progress, length=heartbeat.length)


def _clip(job: AnalysisJob) -> Path | None:
    """The counselor's clip as it is today. One that is gone or damaged is no reason to fail."""
    if "patient_channel" in job.options or "swapped" in job.options:
        return None
    names = [name for _, name in counselor_voice_asked.send(sender=AnalysisJob, job=job) if name]
    if not names:
        return None
    path = Path(default_storage.path(names[0]))
    try:
        decode(path, longest=clips.LONGEST)
    except (AnalysisError, FileNotFoundError):
        log.warning("clip_not_used", job_id=str(job.id))
        return None
    return path
