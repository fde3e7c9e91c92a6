"""A counselor's own voice: kept once, deleted whole, and used where it is known who was in the room."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import AccessLogEntry, Role, User
from inference.errors import BadRecording
from inference.models import AnalysisJob
from sessions_app import listeners, storage, tasks, uploads, voices
from sessions_app.models import CounselorVoice
from tests import sound
from tests.world import JobFactory, SessionFactory, UserFactory, World


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def clip(content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("me.opus", sound.SECOND_VOICE.read_bytes() if content is None else content)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_clip_is_kept_with_its_seconds_of_speech_and_under_a_random_name(world: World, media: Path) -> None:
    voice = voices.voice_keep(user=world.alice, upload=clip())
    assert voice.speech_seconds == pytest.approx(12.7, abs=0.5)
    assert files(media) == [media / voice.file]
    assert "me" not in voice.file.removeprefix("voices/")


def test_only_its_owner_can_read_the_file(world: World, media: Path) -> None:
    voice = voices.voice_keep(user=world.alice, upload=clip())
    assert (media / voice.file).stat().st_mode & 0o077 == 0


def test_nothing_that_describes_the_voice_is_stored(world: World) -> None:
    voices.voice_keep(user=world.alice, upload=clip())
    columns = {field.name for field in CounselorVoice._meta.get_fields()}
    assert columns == {"id", "counselor", "file", "size", "speech_seconds", "uploaded_at"}


def test_a_second_clip_takes_the_place_of_the_first(
    world: World, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    voices.voice_keep(user=world.alice, upload=clip())
    with django_capture_on_commit_callbacks(execute=True):
        second = voices.voice_keep(user=world.alice, upload=clip(sound.SPEECH.read_bytes()))
    assert CounselorVoice.objects.get() == second
    assert files(media) == [media / second.file]


@pytest.mark.parametrize("content", [b"", b"just words " * 1000], ids=["empty", "text"])
def test_a_clip_that_is_refused_leaves_nothing_and_costs_the_earlier_one_nothing(
    world: World, media: Path, content: bytes
) -> None:
    first = voices.voice_keep(user=world.alice, upload=clip())
    with pytest.raises(BadRecording):
        voices.voice_keep(user=world.alice, upload=clip(content))
    assert CounselorVoice.objects.get() == first
    assert files(media) == [media / first.file]


def test_a_clip_that_is_too_large_is_not_even_written(
    world: World, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voices, "MAX_BYTES", 5)
    with pytest.raises(BadRecording, match="larger than 64 MiB"):
        voices.voice_keep(user=world.alice, upload=clip())
    assert files(media) == []


def test_deleting_leaves_neither_file_nor_row(
    world: World, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    voices.voice_keep(user=world.alice, upload=clip())
    with django_capture_on_commit_callbacks(execute=True):
        assert voices.voice_delete(user=world.alice)
    assert files(media) == []
    assert not CounselorVoice.objects.exists()
    assert not voices.voice_delete(user=world.alice)


def test_an_earlier_clip_that_cannot_be_deleted_costs_the_new_one_nothing_and_is_deleted_later(
    world: World,
    media: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    first = voices.voice_keep(user=world.alice, upload=clip())
    with monkeypatch.context() as broken, django_capture_on_commit_callbacks(execute=True):
        broken.setattr(storage, "remove", fail)
        second = voices.voice_keep(user=world.alice, upload=clip(sound.SPEECH.read_bytes()))
    assert set(files(media)) == {media / first.file, media / second.file}
    settings.DOOMED_FILE_SECONDS = -1
    tasks.tidy_files()
    assert files(media) == [media / second.file]


def fail(_: str) -> None:
    raise OSError("no disk")


def test_a_clip_goes_with_the_account_that_is_switched_off(
    world: World, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    voices.voice_keep(user=world.alice, upload=clip())
    kept_by_bob = voices.voice_keep(user=world.bob, upload=clip())
    User.objects.filter(id=world.alice.id).update(is_active=False)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tidy_voices()
    assert CounselorVoice.objects.get() == kept_by_bob
    assert files(media) == [media / kept_by_bob.file]
    assert AccessLogEntry.objects.filter(actor_id=world.alice.id, action="delete_with_account").count() == 1


def test_a_clip_goes_with_the_account_that_is_deleted(
    world: World, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    carol = UserFactory(clinic=world.clinic)
    voices.voice_keep(user=carol, upload=clip())
    with django_capture_on_commit_callbacks(execute=True):
        carol.delete()
    assert files(media) == []


def test_whoever_is_no_counselor_any_more_may_still_delete_their_clip(
    world: World, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    voices.voice_keep(user=world.alice, upload=clip())
    world.alice.role = Role.ADMIN
    world.alice.save()
    with django_capture_on_commit_callbacks(execute=True):
        assert voices.voice_delete(user=world.alice)
    assert files(media) == []


def test_keeping_and_deleting_are_recorded(world: World) -> None:
    voices.voice_keep(user=world.alice, upload=clip())
    voices.voice_delete(user=world.alice)
    entries = AccessLogEntry.objects.filter(actor_id=world.alice.id, object_kind="counselor_voice").order_by("id")
    assert [entry.action for entry in entries] == ["create", "delete"]


@pytest.mark.parametrize("who", ["sam", "ada", "robot"])
def test_whoever_is_no_counselor_keeps_no_voice_here_and_the_refusal_is_logged(world: World, who: str) -> None:
    user = getattr(world, who)
    with pytest.raises(PermissionDenied):
        voices.voice_keep(user=user, upload=clip())
    assert AccessLogEntry.objects.filter(actor_id=user.id, action="keep_voice", allowed=False).count() == 1


def kept(user: User) -> CounselorVoice:
    """A clip of ``user`` that nobody listened to."""
    return CounselorVoice.objects.create(counselor=user, file=f"voices/{user.id}", size=1, speech_seconds=13.0)


def queued(world: World) -> AnalysisJob:
    """The job for a recording that staff bring in for Alice's patient."""
    session = SessionFactory(patient=world.alices_patient)
    upload = SimpleUploadedFile("monday.wav", b"some sound")
    return uploads.recording_add(user=world.sam, session=session, upload=upload).job


def used_for(job: AnalysisJob) -> str | None:
    """The clip with which a worker that starts ``job`` now would hear it."""
    return listeners.name_the_clip(job=job)


def test_a_recording_of_the_one_counselors_patient_is_heard_with_the_clip(world: World) -> None:
    voice = kept(world.alice)
    assert used_for(queued(world)) == voice.file


def test_the_clip_is_that_of_the_day_on_which_the_recording_is_analysed(world: World) -> None:
    kept(world.alice)
    job = queued(world)
    assert job.options == {}
    CounselorVoice.objects.update(file="voices/newer")
    assert used_for(job) == "voices/newer"
    world.alices_patient.care_team.set([world.bob])
    assert used_for(job) is None
    bobs = kept(world.bob)
    assert used_for(job) == bobs.file


def test_a_job_of_no_recording_is_heard_without_a_clip(world: World) -> None:
    kept(world.alice)
    assert used_for(JobFactory()) is None


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_another_counselors_clip_is_not_used(world: World, who: str) -> None:
    kept(getattr(world, who))
    assert used_for(queued(world)) is None


@pytest.mark.parametrize("with_clip", [{"alice"}, {"bob"}, {"alice", "bob"}])
def test_where_two_care_for_a_patient_no_clip_is_used(world: World, with_clip: set[str]) -> None:
    world.alices_patient.care_team.add(world.bob)
    for name in with_clip:
        kept(getattr(world, name))
    assert used_for(queued(world)) is None


def test_the_clip_of_somebody_who_has_left_is_not_used(world: World) -> None:
    kept(world.alice)
    world.alice.is_active = False
    world.alice.save()
    assert used_for(queued(world)) is None
