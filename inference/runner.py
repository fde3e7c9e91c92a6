"""Runs one job in a worker's child process: claim, analyse while the lease is renewed, store or explain."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import structlog
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from inference import clips, results, services, worker
from inference.audio import decode
from inference.errors import AnalysisError
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
PROGRESS_SECONDS = 1.0
WRITE_AGAIN_SECONDS = (0.0, 1.0, 3.0, 10.0)

T = TypeVar("T")


class LeaseLost(Exception):
    """The job was cancelled, taken over or handed over; this worker's work on it is void."""


class Heartbeat:
    """Renews a claim from a thread while the work goes on; ``progress`` is called by the work itself.

    The work never touches the database, so a lost connection costs it nothing.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.lost = False
        self._reached = ("", 0.0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="job-heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def progress(self, stage: str, fraction: float) -> None:
        """Note how far the work is; the thread writes it. Raises `LeaseLost`."""
        if self.lost:
            raise LeaseLost
        self._reached = (stage, fraction)

    def _beat(self) -> None:
        """Write at most once a second what is new, and in any case every heartbeat, that the lease may not end."""
        written, written_at = self._reached, time.monotonic()
        while not self.lost and not self._stop.wait(PROGRESS_SECONDS):
            reached = self._reached
            if worker.leaving():
                self._hand_over()
            elif reached != written or time.monotonic() - written_at >= settings.HEARTBEAT_SECONDS:
                self._renew(*reached)
                written, written_at = reached, time.monotonic()
        connection.close()

    def _hand_over(self) -> None:
        """From this thread, not the work's: that may be deep in a computation, and the worker has seconds to leave."""
        try:
            services.job_hand_over(self.claim)
        except DatabaseError:
            # The lease will run out, and the sweeper will find the job.
            log.warning("not_handed_over", job_id=str(self.claim.job_id))
            connection.close()
        self.lost = True

    def _renew(self, stage: str, fraction: float) -> None:
        try:
            self.lost = not services.job_renew(self.claim, stage=stage, progress=fraction)
        except DatabaseError:
            # The database may come back before the lease ends; a broken connection must not be used again.
            log.warning("heartbeat_missed", job_id=str(self.claim.job_id))
            connection.close()


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
    except (MemoryError, OSError, DatabaseError):
        log.exception("machine_trouble", job_id=str(claim.job_id))
        _written(lambda: services.job_give_back(claim, code=MACHINE_TROUBLE, message=MACHINE_TROUBLE_MESSAGE))
        return MACHINE_TROUBLE
    except Exception:
        log.exception("internal_error", job_id=str(claim.job_id))
        return _fail(claim, INTERNAL_ERROR, INTERNAL_ERROR_MESSAGE)
    return "succeeded" if _written(lambda: services.job_succeed(claim, analysis)) else "lease_lost"


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
    job = AnalysisJob.objects.get(id=claim.job_id)
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
            return analyze(path, options, checkpoint, progress=heartbeat.progress)
        except FileNotFoundError:
            if clip is None or clip.exists():
                raise
            # The counselor deleted the clip meanwhile, which must cost nobody an analysis.
            return analyze(path, replace(options, counselor_voice=None), checkpoint, progress=heartbeat.progress)


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
