"""A worker that is told to stop hands over what it has in hand, and nothing is lost when versions change."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from inference.audio import decode
from tests.processes import soon
from tests.sound import SPEECH, write
from tests.stack import Stack

HANDED_OVER_SECONDS = 5.0
ENQUEUE = """
from accounts.models import Clinic
from inference import models, services
import os
from pathlib import Path
from django.core.files import File
from sessions_app import keys, storage
clinic = Clinic.objects.create(name="North")
with Path(os.environ["LONG"]).open("rb") as file:
    name = storage.store(File(file), keys.new_name("recordings", clinic.id)).name
services.job_enqueue(tenant=clinic.id, file=name, by="ann", purpose=models.Purpose.SNAPSHOT)
"""
LEFT_BEHIND = (
    ENQUEUE
    + """
models.AnalysisJob.objects.update(sent_at=None)
from celery import current_app
from django.conf import settings
with current_app.connection_for_write() as broker:
    broker.default_channel.queue_purge(settings.CELERY_TASK_DEFAULT_QUEUE)
"""
)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Room for a worker of its own, and a recording of half an hour in its storage."""
    speech = decode(SPEECH).mono
    long = write(tmp_path / "long.wav", np.tile(speech, 1 + 30 * 60 * 16_000 // len(speech)), 16_000)
    environment = (
        os.environ | {"QUEUE": f"shutdown-{uuid.uuid4()}", "MEDIA_ROOT": str(tmp_path / "media")} | {"LONG": str(long)}
    )
    running = Stack(tmp_path, environment, database="undertone_shutdown")
    yield running
    running.stop()


def test_a_worker_that_is_told_to_stop_gives_its_job_back_within_seconds(stack: Stack) -> None:
    stack.make_database()
    worker = stack.start_worker()
    stack.run("manage.py", "shell", "--no-imports", "-c", ENQUEUE)
    working = "SELECT 1 FROM inference_analysisjob WHERE state = 'running' AND progress > 0"
    assert soon(lambda: stack.ask(working) is not None, 60)
    worker.send_signal(signal.SIGTERM)
    told = time.monotonic()
    given_back = "SELECT 1 FROM inference_analysisjob WHERE state = 'queued' AND attempt = 0 AND sent_at IS NOT NULL"
    assert soon(lambda: stack.ask(given_back) is not None, 60)
    assert time.monotonic() - told < HANDED_OVER_SECONDS
    assert worker.wait(timeout=60) == 0
    assert stack.ask("SELECT count(*) FROM inference_analysis") == (0,)


def test_a_worker_that_starts_finds_what_was_left_behind_without_waiting_for_anybody(stack: Stack) -> None:
    stack.make_database()
    stack.run("manage.py", "shell", "--no-imports", "-c", LEFT_BEHIND)
    stack.start_worker()
    assert soon(lambda: stack.ask("SELECT 1 FROM inference_analysisjob WHERE state <> 'queued'") is not None, 60)


def test_a_worker_takes_no_job_from_the_queue_while_its_hands_are_full(stack: Stack) -> None:
    stack.make_database()
    stack.start_worker()
    stack.run("manage.py", "shell", "--no-imports", "-c", ENQUEUE)
    assert soon(lambda: stack.ask("SELECT 1 FROM inference_analysisjob WHERE progress > 0") is not None, 60)
    for _ in range(2):
        stack.run("manage.py", "shell", "--no-imports", "-c", ENQUEUE)
    waiting = "from inference import broker; print(broker.messages_waiting())"
    assert stack.run("manage.py", "shell", "--no-imports", "-c", waiting).strip() == "2"
