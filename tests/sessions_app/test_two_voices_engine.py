"""From an upload with two voices to the right patient, through the engine itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from inference import runner
from inference.models import Timeline
from inference.speakers import BY_ENROLMENT, BY_LENGTH, BY_PERSON
from sessions_app import identification, uploads, voices
from sessions_app.models import Recording
from tests import sound
from tests.inference.small_models import let_workers_use_a_small_checkpoint
from tests.world import SessionFactory, World, make_world

RATE = 16_000
PATIENT_BEGINS = 6.5
"""Seconds after which the second of two voices, who speaks longer, begins."""

pytestmark = pytest.mark.django_db(transaction=True)  # the heartbeat writes from a thread of its own


@pytest.fixture(autouse=True)
def surroundings(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    let_workers_use_a_small_checkpoint(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def shorter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The voice that speaks less: every frequency of the second test recording is a quarter higher."""
    return sound.write(tmp_path_factory.mktemp("voice") / "second.wav", sound.higher_voice(), RATE)


@pytest.fixture(scope="module")
def meeting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shorter voice for 6 s, the longer for 14 s, and so once more."""
    return sound.meeting(tmp_path_factory.mktemp("meeting") / "meeting.wav")


def sent(file: Path) -> SimpleUploadedFile:
    return SimpleUploadedFile(file.name, file.read_bytes())


def analysed(world: World, meeting: Path) -> Recording:
    session = SessionFactory(patient=world.alices_patient)
    return run(uploads.recording_add(user=world.sam, session=session, upload=sent(meeting)))


def run(recording: Recording) -> Recording:
    runner.run(recording.job_id)
    return Recording.objects.select_related("analysis", "job").get(id=recording.id)


def heard(recording: Recording) -> tuple[str, bool]:
    """How the patient was told, and whether it is the one who begins (and speaks less)."""
    analysis = recording.analysis
    assert analysis is not None, recording.job.error_message
    turns = Timeline.objects.get(analysis=analysis).turns
    first = next(start for start, _, speaker in turns if speaker == "patient")
    return analysis.speaker_method, first < PATIENT_BEGINS - 1


def test_a_swap_finds_the_other_one_and_a_second_swap_the_first_again(meeting: Path) -> None:
    world = make_world()
    recording = analysed(world, meeting)
    assert heard(recording) == (BY_LENGTH, False)
    recording = swapped(world, recording)
    assert heard(recording) == (BY_PERSON, True)
    assert heard(swapped(world, recording)) == (BY_LENGTH, False)


def swapped(world: World, recording: Recording) -> Recording:
    assert identification.patient_swap(user=world.alice, recording=recording, seen=recording.job_id)
    recording.refresh_from_db()
    return run(recording)


def test_the_counselors_clip_decides_against_the_length_and_a_swap_still_means_the_other_one(meeting: Path) -> None:
    world = make_world()
    voices.voice_keep(user=world.alice, upload=sent(sound.SPEECH))
    recording = analysed(world, meeting)
    assert heard(recording) == (BY_ENROLMENT, True)
    # Whatever becomes of the clip, the person chose between the two whom they saw.
    voices.voice_delete(user=world.alice)
    assert heard(swapped(world, recording)) == (BY_LENGTH, False)
