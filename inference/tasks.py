"""Celery's side: thin tasks that fetch and call."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from amqp.exceptions import ChannelError
from celery import current_app, shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from tenancy import every_clinic

log = structlog.get_logger(__name__)


def publish(job_id: uuid.UUID, priority: int) -> None:
    """Put one message with the job's id on the queue. If the broker is away, the sweeper sends it later."""
    try:
        run_job.apply_async((str(job_id),), priority=priority, retry=False)
    except OperationalError:
        log.warning("broker_unreachable", job_id=str(job_id))


def sweep_soon() -> None:
    """Ask for a sweep besides beat's. If the broker is away, beat's has to do."""
    try:
        sweep.apply_async(retry=False)
    except OperationalError:
        log.warning("broker_unreachable")


def messages_waiting() -> int:
    """How many messages the broker holds on our queue; 0 if it cannot be reached."""
    try:
        with current_app.connection_for_write() as broker:
            channel: Any = broker.default_channel
            queue = channel.queue_declare(settings.CELERY_TASK_DEFAULT_QUEUE, passive=True)
            return int(queue.message_count)
    except (OperationalError, ChannelError):
        return 0


@shared_task(name="inference.tasks.run_job")
def run_job(job_id: str) -> None:
    """Analyse one job."""
    # The worker's main process must never import torch: a forked child could not use a GPU after that.
    from inference import runner

    runner.run(uuid.UUID(job_id))


@shared_task(name="inference.tasks.sweep")
@every_clinic()
def sweep() -> int:
    """Send waiting jobs again; returns how many."""
    from inference import services

    return services.sweep()
