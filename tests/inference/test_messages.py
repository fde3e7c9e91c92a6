"""A message may be lost, and its receipt too: neither may keep a worker from the next one."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty

import pytest
from kombu import Producer, Queue

from config.celery import app


@pytest.mark.parametrize("queue", app.conf.task_queues, ids=["analysis", "housekeeping"])
def test_a_worker_whose_receipt_is_lost_takes_the_next_message(queue: Queue) -> None:
    """As when Redis does not answer at that moment: Celery notes it, and the connection it listens on may live on."""
    taken: list[str] = []
    with app.connection_for_read() as connection:
        bound = queue(connection.default_channel)
        bound.declare()
        bound.purge()
        with app.amqp.TaskConsumer(connection, queues=[queue], accept=["json"]) as consumer:
            consumer.qos(prefetch_count=app.conf.worker_prefetch_multiplier)
            consumer.callbacks = [lambda body, _: taken.extend(body)]
            for word in ("first", "second", "third"):
                Producer(connection.default_channel).publish([word], routing_key=queue.name)
            with suppress(Empty, TimeoutError):
                while len(taken) < 3:
                    connection.drain_events(timeout=1)
    assert taken == ["first", "second", "third"]
