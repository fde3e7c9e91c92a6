"""Taking in a recording: kept durably once, or refused with nothing left behind."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccessLogEntry
from inference import services as jobs
from inference.errors import AnalysisError, EmptyFile, NoSpeech, Silent, TooLarge
from inference.models import Analysis, AnalysisJob, JobState
from sessions_app import services, storage, uploads
from sessions_app.errors import ConsentMissing
from sessions_app.identification import patient_swap
from sessions_app.models import Consent, PatientChannel, Recording, Session
from sessions_app.trends import trend_of
from tests.world import SessionFactory, World, analysed


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def session(world: World) -> Session:
    return SessionFactory(patient=world.alices_patient)


def upload(content: bytes = b"some sound", name: str = "monday.wav") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_upload_is_kept_under_a_name_that_the_client_did_not_choose(world: World, session: Session) -> None:
    recording = uploads.recording_add(user=world.sam, session=session, upload=upload(name="Jane Roe.wav"))
    assert "Jane" not in recording.file
    assert default_storage.open(recording.file).read() == b"some sound"
    assert recording.original_name == "Jane Roe.wav"


def test_an_upload_queues_a_job_that_knows_the_recording_and_the_channel(world: World, session: Session) -> None:
    recording = uploads.recording_add(
        user=world.sam, session=session, upload=upload(), patient_channel=PatientChannel.RIGHT
    )
    job = recording.job
    assert (job.state, job.subject, job.tenant) == (JobState.QUEUED, recording.id, world.clinic.id)
    assert job.options == {"patient_channel": "right"}


def test_the_same_bytes_for_the_same_session_give_the_same_recording(
    world: World, session: Session, media: Path
) -> None:
    first = uploads.recording_add(user=world.sam, session=session, upload=upload())
    second = uploads.recording_add(user=world.sam, session=session, upload=upload(name="again.wav"))
    assert first == second
    assert (Recording.objects.count(), AnalysisJob.objects.count(), len(files(media))) == (1, 1, 1)


def test_the_same_bytes_with_another_channel_are_analysed_anew(world: World, session: Session) -> None:
    first = uploads.recording_add(user=world.sam, session=session, upload=upload())
    second = uploads.recording_add(
        user=world.sam, session=session, upload=upload(), patient_channel=PatientChannel.LEFT
    )
    assert second.id == first.id
    assert second.job_id != first.job_id
    assert second.job.options == {"patient_channel": "left"}
    assert AnalysisJob.objects.get(id=first.job_id).state == JobState.CANCELLED


def test_the_same_bytes_with_the_same_channel_do_not_undo_what_a_person_said_meanwhile(
    world: World, session: Session
) -> None:
    first = add(world, session, PatientChannel.LEFT)
    fail(first, NoSpeech)
    assert patient_swap(user=world.alice, recording=first, seen=first.job_id)
    swapped = Recording.objects.get()
    for channel in (PatientChannel.LEFT, PatientChannel.RIGHT):
        again = add(world, session, channel)
        assert (again.patient_channel, again.job_id) == ("right", swapped.job_id)
    assert add(world, session, PatientChannel.UNKNOWN).job.options == {}


def add(world: World, session: Session, channel: PatientChannel) -> Recording:
    return uploads.recording_add(user=world.sam, session=session, upload=upload(), patient_channel=channel)


def fail(recording: Recording, error: type[AnalysisError]) -> None:
    claim = jobs.job_claim(recording.job_id)
    assert claim is not None
    jobs.job_fail(claim, code=error.code, message="Nothing was heard.")
    recording.refresh_from_db()


def test_another_channel_takes_the_other_voices_scores_away_at_once(world: World, session: Session) -> None:
    recording = analysed(session)
    Recording.objects.filter(id=recording.id).update(sha256=hashlib.sha256(b"some sound").hexdigest())
    uploads.recording_add(user=world.sam, session=session, upload=upload(), patient_channel=PatientChannel.RIGHT)
    recording.refresh_from_db()
    assert recording.analysis is None
    assert not Analysis.objects.exists()
    assert trend_of(world.alices_patient, world.alice).points[0].scores == {}


def test_the_same_bytes_after_a_failure_are_tried_again(world: World, session: Session) -> None:
    first = uploads.recording_add(user=world.sam, session=session, upload=upload())
    fail(first, Silent)
    uploads.recording_add(user=world.sam, session=session, upload=upload())
    assert AnalysisJob.objects.get(id=first.job_id).state == JobState.QUEUED


def test_the_same_bytes_for_another_session_are_another_recording(world: World, session: Session) -> None:
    uploads.recording_add(user=world.sam, session=session, upload=upload())
    uploads.recording_add(user=world.sam, session=SessionFactory(patient=world.alices_patient), upload=upload())
    assert Recording.objects.count() == 2


def test_without_consent_nothing_is_kept(world: World, session: Session, media: Path) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(ConsentMissing):
        uploads.recording_add(user=world.sam, session=session, upload=upload())
    assert (Recording.objects.count(), AnalysisJob.objects.count(), files(media)) == (0, 0, [])


def test_a_consent_given_after_the_session_does_not_cover_it(world: World, session: Session) -> None:
    Consent.objects.update(given_on="2026-03-03")
    with pytest.raises(ConsentMissing):
        uploads.recording_add(user=world.sam, session=session, upload=upload())


def test_a_consent_to_analysis_alone_is_none_to_recording(world: World, session: Session) -> None:
    Consent.objects.update(recording=False)
    with pytest.raises(ConsentMissing):
        uploads.recording_add(user=world.sam, session=session, upload=upload())


def test_a_consent_withdrawn_while_the_file_is_written_counts(
    world: World, session: Session, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = storage.store

    def store_then_withdraw(*args: object) -> storage.StoredFile:
        stored = store(*args)
        services.consent_withdraw(user=world.sam, patient=world.alices_patient)
        return stored

    monkeypatch.setattr(storage, "store", store_then_withdraw)
    with pytest.raises(ConsentMissing):
        uploads.recording_add(user=world.sam, session=session, upload=upload())
    assert (Recording.objects.count(), files(media)) == (0, [])


def test_an_upload_that_consent_refuses_is_logged_and_leaves_no_session(world: World) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(ConsentMissing):
        uploads.session_upload(user=world.sam, patient=world.alices_patient, held_at=timezone.now(), upload=upload())
    assert not Session.objects.exists()
    assert AccessLogEntry.objects.filter(action="upload", allowed=False).count() == 1


def test_an_empty_file_is_refused_and_leaves_nothing(world: World, session: Session, media: Path) -> None:
    with pytest.raises(EmptyFile):
        uploads.recording_add(user=world.sam, session=session, upload=upload(b""))
    assert files(media) == []


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(
    world: World, session: Session, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MAX_BYTES", 5)
    with pytest.raises(TooLarge):
        uploads.recording_add(user=world.sam, session=session, upload=upload(b"123456"))
    assert files(media) == []


def test_if_the_database_refuses_the_recording_its_file_goes_too(
    world: World, session: Session, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Recording, "save", fail)
    with pytest.raises(RuntimeError):
        uploads.recording_add(user=world.sam, session=session, upload=upload())
    assert files(media) == []
    assert not AnalysisJob.objects.exists()


def test_an_administrator_may_not_upload_and_the_refusal_is_logged(world: World, session: Session) -> None:
    with pytest.raises(PermissionDenied):
        uploads.recording_add(user=world.ada, session=session, upload=upload())
    assert AccessLogEntry.objects.filter(actor_id=world.ada.id, allowed=False).count() == 1


def test_an_upload_leaves_one_row_in_the_access_log(world: World, session: Session) -> None:
    recording = uploads.recording_add(user=world.sam, session=session, upload=upload())
    entry = AccessLogEntry.objects.get()
    assert (entry.actor_id, entry.action, entry.object_id, entry.patient_id) == (
        world.sam.id,
        "upload",
        recording.id,
        world.alices_patient.id,
    )


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("song\x00.wav", "song.wav"),
        ("gpj\u202e.wav", "gpj.wav"),
        ("line\nbreak.wav", "linebreak.wav"),
        ("", "recording"),
        ("\u202e\x00", "recording"),
        ("x" * 500, "x" * 120),
        ("Sitzung März.wav", "Sitzung März.wav"),
    ],
)
def test_a_file_name_is_shown_without_folders_or_hidden_marks(given: str, shown: str) -> None:
    assert storage.display_name(given) == shown
