"""What a killed web server left of a snapshot is deleted by the sweeper."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from inference import services
from inference.models import AnalysisJob, Purpose
from tests.world import JobFactory


@pytest.fixture
def audio(settings: Settings, tmp_path: Path) -> Path:
    """A storage with the audio of four jobs."""
    settings.MEDIA_ROOT = tmp_path
    for name in ("old-snapshot", "young-snapshot", "old-session", "young-session"):
        (tmp_path / name).write_bytes(b"sound")
        job = JobFactory(file=name, purpose=Purpose.SNAPSHOT if "snapshot" in name else Purpose.SESSION)
        if "old" in name:
            AnalysisJob.objects.filter(id=job.id).update(created_at="2026-01-01T00:00:00Z")
    return tmp_path


def test_only_an_old_snapshot_is_forgotten_with_its_audio(db: None, audio: Path) -> None:
    services.sweep()
    kept = {"young-snapshot", "old-session", "young-session"}
    assert {path.name for path in audio.iterdir()} == kept
    assert set(AnalysisJob.objects.values_list("file", flat=True)) == kept


def test_audio_that_is_already_gone_does_not_stop_the_sweeper(db: None, audio: Path) -> None:
    default_storage.delete("old-snapshot")
    services.sweep()
    assert AnalysisJob.objects.count() == 3
