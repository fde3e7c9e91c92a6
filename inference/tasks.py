"""Celery's side: thin tasks that fetch and call."""

from __future__ import annotations

import uuid

from celery import shared_task

from inference.broker import RUN_JOB, SWEEP
from tenancy import every_clinic


@shared_task(name=RUN_JOB)
def run_job(job_id: str) -> None:
    """Analyse one job."""
    # The worker's main process must never import torch: a forked child could not use a GPU after that.
    from inference import runner

    runner.run(uuid.UUID(job_id))


@shared_task(name=SWEEP)
@every_clinic()
def sweep() -> int:
    """Send waiting jobs again; returns how many."""
    from inference import services

    return services.sweep()
