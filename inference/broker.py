"""Messages to the workers, and how many wait. Tasks are called by name, so that whoever sends none imports none."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from amqp.exceptions import ChannelError
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

RUN_JOB = "inference.tasks.run_job"
SWEEP = "inference.tasks.sweep"

log = structlog.get_logger(__name__)


def publish(job_id: uuid.UUID, priority: int) -> None:
    """Put one message with the job's id on the queue. If the broker is away, the sweeper sends it later."""
    try:
        current_app.send_task(RUN_JOB, (str(job_id),), priority=priority, retry=False)
    except OperationalError:
        log.warning("broker_unreachable", job_id=str(job_id))


def sweep_soon() -> None:
    """Ask for a sweep besides beat's. If the broker is away, beat's has to do."""
    try:
        current_app.send_task(SWEEP, retry=False)
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
