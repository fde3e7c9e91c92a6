"""Whose recording is analysed first."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from kombu import Connection

from inference import services
from inference.broker import messages_waiting, publish
from inference.models import Priority
from tests.world import JobFactory


@pytest.fixture
def broker() -> Iterator[Connection]:
    with current_app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        channel.queue_purge(settings.CELERY_TASK_DEFAULT_QUEUE)
        yield broker
        channel.queue_purge(settings.CELERY_TASK_DEFAULT_QUEUE)


def _next_job(broker: Connection) -> uuid.UUID:
    with broker.SimpleQueue(settings.CELERY_TASK_DEFAULT_QUEUE) as queue:
        message = queue.get(timeout=5)
        message.ack()
        (arguments, _, _) = message.payload
        return uuid.UUID(arguments[0])


def test_a_caller_is_served_before_people_and_people_before_many_recordings_at_once(broker: Connection) -> None:
    nobodys, persons, callers = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    publish(nobodys, Priority.NOBODY)
    publish(persons, Priority.PERSON)
    publish(callers, Priority.CALLER)
    assert [_next_job(broker) for _ in range(3)] == [callers, persons, nobodys]


def test_waiting_messages_are_counted_whoever_waits_for_them(broker: Connection) -> None:
    for priority in Priority:
        publish(uuid.uuid4(), priority)
    assert messages_waiting() == len(Priority)


def test_a_job_that_is_sent_again_keeps_its_priority(db: None, broker: Connection) -> None:
    nobodys = JobFactory(priority=Priority.NOBODY)
    assert services.sweep() == 1
    persons = JobFactory(priority=Priority.PERSON)
    services.job_send(persons.id)
    assert [_next_job(broker) for _ in range(2)] == [persons.id, nobodys.id]
