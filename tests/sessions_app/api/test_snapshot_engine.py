"""``POST /api/v1/analyze-vocal-health`` through the real engine, run by a thread that stands for a worker."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from inference import broker, runner
from inference.models import Analysis, AnalysisJob, Timeline, Worker
from inference.stages import STAGES
from sessions_app.models import Recording
from tests import sound
from tests.inference.small_models import saved_checkpoint
from tests.sessions_app.api.client import API, as_, last_log, problem
from tests.world import SessionFactory, World

pytestmark = pytest.mark.django_db(transaction=True)


def file(name: str = "session.opus", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, sound.SPEECH.read_bytes() if content is None else content)


@pytest.fixture
def storage(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture(autouse=True)
def finish_work(settings: Any, storage: Path, tmp_path: Path, monkeypatch: Any) -> Iterator[Callable[[], None]]:
    """A worker that takes each job as soon as its message is sent; call it to wait until it is done."""
    settings.CHECKPOINT = "small"
    saved_checkpoint(tmp_path / "checkpoints")
    monkeypatch.setenv("UNDERTONE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    runner.worker._loaded.cache_clear()
    threads: list[threading.Thread] = []

    def work(job_id: uuid.UUID) -> None:
        runner.run(job_id)
        connection.close()

    def publish(job_id: uuid.UUID, _priority: int) -> None:
        threads.append(threading.Thread(target=work, args=(job_id,)))
        threads[-1].start()

    monkeypatch.setattr(broker, "publish", publish)
    Worker.objects.create(host="here", pid=1, checkpoint_name="small")

    def finish() -> None:
        for thread in threads:
            thread.join()

    yield finish
    finish()
    runner.worker._loaded.cache_clear()


def ask(world: World, upload: SimpleUploadedFile) -> Any:
    return as_(world.alice).post(f"{API}/analyze-vocal-health", {"file": upload}, format="multipart")


def test_one_file_is_answered_in_one_response_with_the_whole_analysis(world: World) -> None:
    answer = ask(world, file("../../Robin Alder.opus")).json()
    assert answer["status"] == "completed"
    assert answer["emotional_valence"] in ("Low/Flat", "Normal")
    assert answer["recommendation"] in ("Suggest follow-up", "Normal baseline")
    analysis = answer["analysis"]
    assert answer["depression_probability"] == analysis["scores"]["depression"]["value"]
    assert analysis["file"] == "Robin Alder.opus"
    assert analysis["checkpoint"]["name"] == "small"
    assert analysis["checkpoint"]["label"]
    assert 30 < analysis["speech_seconds"] <= analysis["duration"]
    assert len(analysis["timeline"]["start"]) == len(analysis["timeline"]["valence"]) > 1
    assert analysis["turns"]
    assert set(analysis["timings"]) == set(STAGES)


def test_neither_audio_nor_result_is_kept(world: World, storage: Path) -> None:
    assert ask(world, file()).status_code == 200
    assert not [path for path in storage.rglob("*") if path.is_file()]
    assert not AnalysisJob.objects.exists()
    assert not Analysis.objects.exists()
    assert not Timeline.objects.exists()
    assert last_log() == ("snapshot", "recording", True)


def test_what_is_not_audio_is_a_422_with_the_engines_own_code(world: World) -> None:
    assert problem(ask(world, file("notes.txt", b"Dear diary, " * 1000))) == (422, "not_audio")


def test_an_upload_is_followed_from_its_job_to_its_analysis(world: World, finish_work: Callable[[], None]) -> None:
    session = SessionFactory(patient=world.alices_patient)
    client = as_(world.alice)
    accepted = client.post(f"{API}/recordings", {"session": session.id, "file": file()}, format="multipart")
    finish_work()
    job = client.get(accepted["Location"]).json()
    analysis = client.get(job["analysis_url"]).json()
    assert job["progress"] == 1.0
    assert analysis["recording"] == accepted.json()["id"] == str(Recording.objects.get().id)
    assert analysis["sha256"] == accepted.json()["sha256"]


def test_a_failed_upload_says_why_in_its_job(world: World, finish_work: Callable[[], None]) -> None:
    session = SessionFactory(patient=world.alices_patient)
    client = as_(world.alice)
    accepted = client.post(
        f"{API}/recordings", {"session": session.id, "file": file("x.wav", b"no sound " * 99)}, format="multipart"
    )
    finish_work()
    job = client.get(accepted["Location"]).json()
    assert (job["state"], job["error"]["code"], job["analysis"]) == ("failed", "not_audio", None)
