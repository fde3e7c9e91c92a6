"""Celery's side: thin tasks that fetch and call."""

from __future__ import annotations

import uuid

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def publish(job_id: uuid.UUID) -> None:
    """Put one message with the job's id on the queue. If the broker is away, the sweeper sends it later."""
    try:
        run_job.apply_async((str(job_id),), retry=False)
    except OperationalError:
        log.warning("broker_unreachable", job_id=str(job_id))


@shared_task(name="inference.tasks.run_job")
def run_job(job_id: str) -> None:
    """Analyse one job."""
    # The worker's main process must never import torch: a forked child could not use a GPU after that.
    from inference import runner

    runner.run(uuid.UUID(job_id))


@shared_task(name="inference.tasks.sweep")
def sweep() -> int:
    """Send waiting jobs again; returns how many."""
    from inference import services

    return services.sweep()
