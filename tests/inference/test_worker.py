"""A worker's child between jobs: the weights it holds, and what is left of it when it ends."""

from __future__ import annotations

import os
import signal
import uuid
from pathlib import Path

import pytest

from inference import services, worker
from inference.models import Worker
from tests.inference.small_models import saved_checkpoint


def test_weights_are_kept_until_others_take_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERTONE_CHECKPOINTS", str(tmp_path))
    saved_checkpoint(tmp_path)
    first = worker.checkpoint("small")
    assert worker.checkpoint("small") is first
    saved_checkpoint(tmp_path, heads=["depression"], version="0.1")
    assert worker.checkpoint("small").identity.version == "0.1"


def test_a_child_that_ends_itself_is_not_taken_for_one_that_was_lost(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *told: sent.append(told))
    monkeypatch.setattr(worker.socket, "gethostname", lambda: "here")
    Worker.objects.create(host="here", pid=os.getpid())
    other = Worker.objects.create(host="here", pid=os.getpid() + 1)
    worker.end_process(uuid.uuid4())
    assert sent == [(os.getpid(), signal.SIGKILL)]
    assert list(Worker.objects.all()) == [other]


def test_a_sweep_forgets_workers_that_ended_long_ago_without_a_word(db: None) -> None:
    Worker.objects.create(host="gone", pid=1, seen_at="2026-01-01T00:00:00Z")
    services.sweep()
    assert not Worker.objects.exists()
