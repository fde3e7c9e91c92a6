"""Runs one job in a worker's child process: claim, analyse while the lease is renewed, store or explain."""

from __future__ import annotations

import threading
import time
import uuid
from pathlib import Path
from types import TracebackType

import structlog
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import OperationalError, connection

from inference import results, services, worker
from inference.errors import AnalysisError
from inference.models import AnalysisJob
from inference.pipeline import Options, analyze
from inference.services import Claim
from inference.signals import analysis_starting

log = structlog.get_logger(__name__)

MACHINE_TROUBLE = "machine_trouble"
MACHINE_TROUBLE_MESSAGE = "The server ran out of memory or disk space, or lost its storage. Please try again later."
FILE_GONE = "file_gone"
FILE_GONE_MESSAGE = "The recording is no longer in storage. Please upload it again."
INTERNAL_ERROR = "internal_error"
INTERNAL_ERROR_MESSAGE = "Something went wrong inside Undertone while analysing this recording. It has been logged."
PROGRESS_SECONDS = 1.0


class LeaseLost(Exception):
    """The job was cancelled or taken over; this worker's work on it is void."""


class Heartbeat:
    """Renews a claim from a thread while the work goes on; ``progress`` is called by the work itself."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.lost = False
        self._stage = ""
        self._fraction = 0.0
        self._written = 0.0
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
        """Note how far the work is and write it at most once a second. Raises `LeaseLost`."""
        if self.lost:
            raise LeaseLost
        changed_stage = stage != self._stage
        self._stage, self._fraction = stage, fraction
        if changed_stage or time.monotonic() - self._written >= PROGRESS_SECONDS:
            self._renew()

    def _renew(self) -> None:
        self._written = time.monotonic()
        self.lost = not services.job_renew(self.claim, stage=self._stage, progress=self._fraction)

    def _beat(self) -> None:
        while not self._stop.wait(settings.HEARTBEAT_SECONDS):
            try:
                self._renew()
            except OperationalError:
                log.warning("heartbeat_missed", job_id=str(self.claim.job_id))
        connection.close()


def run(job_id: uuid.UUID) -> None:
    """Analyse the job if it can be claimed; every outcome ends in the job's row."""
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
        services.job_fail(claim, code=error.code, message=error.message)
        return error.code
    except FileNotFoundError:
        services.job_fail(claim, code=FILE_GONE, message=FILE_GONE_MESSAGE)
        return FILE_GONE
    except (MemoryError, OSError, OperationalError):
        log.exception("machine_trouble", job_id=str(claim.job_id))
        services.job_give_back(claim, code=MACHINE_TROUBLE, message=MACHINE_TROUBLE_MESSAGE)
        return MACHINE_TROUBLE
    except Exception:
        log.exception("internal_error", job_id=str(claim.job_id))
        services.job_fail(claim, code=INTERNAL_ERROR, message=INTERNAL_ERROR_MESSAGE)
        return INTERNAL_ERROR
    stored = services.job_succeed(claim, analysis)
    return "succeeded" if stored else "lease_lost"


def _analyze(claim: Claim) -> results.Analysis:
    job = AnalysisJob.objects.get(id=claim.job_id)
    withheld = [reason for _, reason in analysis_starting.send(sender=AnalysisJob, job=job) if reason]
    options = Options(
        patient_channel=job.options.get("patient_channel"),
        withhold_affect=withheld[0] if withheld else None,
    )
    with Heartbeat(claim) as heartbeat:
        path = Path(default_storage.path(job.file))
        return analyze(path, options, worker.checkpoint(job.checkpoint), progress=heartbeat.progress)
