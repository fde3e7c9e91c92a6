"""How long audio is kept, and what is left when it is gone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccessLogEntry, AffectPolicy
from inference.models import Analysis, AnalysisJob, JobState
from sessions_app import recordings, retention, storage_check, tasks, uploads
from sessions_app.errors import AudioRemoved
from sessions_app.models import Consent, DoomedFile, Recording
from tests.pages import signed_in, text
from tests.sessions_app.api.client import API, as_, problem
from tests.world import RecordingFactory, SessionFactory, World, analysed, job_done

# A file goes when its transaction has committed.
pytestmark = pytest.mark.django_db(transaction=True)

SOUND = b"some sound"


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def recording(world: World, media: Path) -> Recording:
    """Analysed, with a real file in storage."""
    found = analysed(SessionFactory(patient=world.alices_patient))
    found.file = f"recordings/{found.id}"
    (media / "recordings").mkdir()
    (media / found.file).write_bytes(SOUND)
    found.save()
    return found


def ended(recording: Recording, *, days_ago: float) -> None:
    AnalysisJob.objects.filter(id=recording.job_id).update(finished_at=timezone.now() - timedelta(days=days_ago))


def files_in(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("days_ago", "stays"), [(28, True), (31, False)])
def test_audio_goes_thirty_days_after_its_analysis_and_not_before(
    world: World, recording: Recording, media: Path, days_ago: int, stays: bool
) -> None:
    ended(recording, days_ago=days_ago)
    tasks.delete_old_audio()
    recording.refresh_from_db()
    assert recording.has_audio is stays
    assert bool(files_in(media)) is stays
    assert not DoomedFile.objects.exists()


def test_what_was_measured_stays(world: World, recording: Recording) -> None:
    ended(recording, days_ago=31)
    retention.audio_remove_old(clinic=world.clinic)
    assert Analysis.objects.filter(recording=recording).exists()
    assert "0.70" in text(signed_in(world.alice).get(f"/sessions/{recording.session_id}/"))


def test_the_days_are_the_clinics_own(world: World, recording: Recording) -> None:
    ended(recording, days_ago=9)
    world.clinic.audio_days = 10
    assert retention.audio_remove_old(clinic=world.clinic) == 0
    world.clinic.audio_days = 7
    assert retention.audio_remove_old(clinic=world.clinic) == 1


def test_days_are_counted_on_the_clinics_calendar(world: World, recording: Recording) -> None:
    world.clinic.time_zone = "Pacific/Kiritimati"
    AnalysisJob.objects.filter(id=recording.job_id).update(finished_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    recording.job.refresh_from_db()
    # There it was the third already.
    assert retention.audio_ends_on(recording, world.clinic, []) == date(2026, 4, 2)


@pytest.mark.parametrize(
    ("consent", "stays"),
    [
        ({"keeping_audio": True}, True),
        ({"keeping_audio": False}, False),
        ({"keeping_audio": True, "withdrawn_at": datetime(2026, 4, 1, tzinfo=UTC)}, False),
        # It covered the session and has ended since, and so has the keeping.
        ({"keeping_audio": True, "expires_on": date(2026, 3, 2)}, False),
        ({"keeping_audio": True, "given_on": date(2026, 3, 3)}, False),
    ],
)
def test_a_consent_to_keeping_audio_keeps_it_as_long_as_it_stands(
    world: World, recording: Recording, consent: dict[str, object], stays: bool
) -> None:
    Consent.objects.filter(patient=world.alices_patient).update(**consent)
    ended(recording, days_ago=400)
    retention.audio_remove_old(clinic=world.clinic)
    recording.refresh_from_db()
    assert recording.has_audio is stays


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_audio_whose_analysis_failed_goes_after_the_same_days(world: World, state: JobState) -> None:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    code = "no_speech" if state == JobState.FAILED else ""
    AnalysisJob.objects.filter(id=recording.job_id).update(state=state, error_code=code)
    ended(recording, days_ago=31)
    assert retention.audio_remove_old(clinic=world.clinic) == 1


def test_audio_that_waits_for_its_analysis_is_kept_however_old(world: World) -> None:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    Recording.objects.update(uploaded_at=timezone.now() - timedelta(days=400))
    assert retention.audio_remove_old(clinic=world.clinic) == 0
    recording.refresh_from_db()
    assert recording.has_audio


def test_only_the_clinic_that_is_named_loses_audio(world: World, recording: Recording) -> None:
    ended(recording, days_ago=31)
    assert retention.audio_remove_old(clinic=world.mallory.clinic) == 0


def test_what_undertone_removes_by_itself_is_in_the_log_with_its_purpose(world: World, recording: Recording) -> None:
    ended(recording, days_ago=31)
    retention.audio_remove_old(clinic=world.clinic)
    row = AccessLogEntry.objects.get(action="remove_audio")
    assert (row.purpose, row.actor_id, row.role, row.object_id) == ("retention", None, "", recording.id)
    assert row.patient_id == world.alices_patient.id
    for shown in ("Undertone itself", "Removed audio", "Keeping nothing longer than needed"):
        assert shown in text(signed_in(world.ada).get("/clinic/access-log/"))
    accesses = signed_in(world.alice).get(
        f"/patients/{world.alices_patient.id}/accesses/", headers={"HX-Request": "true"}
    )
    assert "Undertone itself" in text(accesses)


def test_the_command_says_how_many_for_each_clinic(world: World, recording: Recording) -> None:
    ended(recording, days_ago=31)
    out = StringIO()
    call_command("delete_old_audio", stdout=out)
    assert out.getvalue().splitlines() == [
        "Elsewhere: removed the audio of 0 recordings.",
        "Willow House: removed the audio of 1 recording.",
    ]


@pytest.mark.parametrize("who", ["alice", "sam"])
def test_somebody_may_remove_audio_at_once_after_being_asked(
    world: World, recording: Recording, media: Path, who: str
) -> None:
    client, address = signed_in(getattr(world, who)), f"/recordings/{recording.id}/remove-audio/"
    assert "Remove the audio of this recording?" in text(client.get(address))
    assert files_in(media)
    client.post(address)
    assert files_in(media) == []
    row = AccessLogEntry.objects.get(action="remove_audio")
    assert (row.actor_id, row.purpose) == (getattr(world, who).id, "care")


@pytest.mark.parametrize(("who", "status"), [("bob", 404), ("mallory", 404), ("ada", 403), ("robot", 403)])
def test_others_may_not_remove_audio(world: World, recording: Recording, media: Path, who: str, status: int) -> None:
    assert signed_in(getattr(world, who)).post(f"/recordings/{recording.id}/remove-audio/").status_code == status
    assert files_in(media)


def test_removing_audio_ends_an_analysis_that_runs(world: World, media: Path) -> None:
    session = SessionFactory(patient=world.alices_patient)
    recording = uploads.recording_add(user=world.sam, session=session, upload=SimpleUploadedFile("a.wav", SOUND))
    assert retention.audio_remove(user=world.sam, recording=recording)
    assert AnalysisJob.objects.get(id=recording.job_id).state == JobState.CANCELLED
    assert files_in(media) == []


def test_the_page_says_when_audio_goes_and_when_it_went(world: World, recording: Recording) -> None:
    AnalysisJob.objects.filter(id=recording.job_id).update(finished_at=timezone.now())
    client, page = signed_in(world.alice), f"/sessions/{recording.session_id}/"
    assert "30 days after the analysis." in text(client.get(page))
    retention.audio_remove(user=world.alice, recording=recording)
    Recording.objects.update(audio_removed_at=datetime(2026, 4, 1, 23, 30, tzinfo=UTC))
    world.clinic.time_zone = "Europe/Berlin"
    world.clinic.save()
    shown = text(client.get(page))
    assert "Audio removed on 2 Apr 2026. It can be neither played nor analysed again." in shown
    assert "Remove its audio" not in shown


def test_audio_that_is_gone_is_not_analysed_again_and_that_is_said_plainly(world: World, recording: Recording) -> None:
    retention.audio_remove(user=world.alice, recording=recording)
    recording.refresh_from_db()
    assert not recordings.can_be_reanalyzed(recording, "another origin")
    AnalysisJob.objects.filter(id=recording.job_id).update(state=JobState.SUCCEEDED)
    with pytest.raises(AudioRemoved):
        recordings.recording_retry(user=world.alice, recording=recording)
    answer = as_(world.alice).post(f"{API}/jobs/{recording.job_id}/retry")
    assert problem(answer) == (409, "audio_removed")


def test_a_failed_analysis_without_audio_offers_no_second_try(world: World) -> None:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    AnalysisJob.objects.filter(id=recording.job_id).update(state=JobState.CANCELLED)
    retention.audio_remove(user=world.alice, recording=recording)
    page = text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/"))
    assert "Its audio was removed, so it cannot be tried again." in page
    assert "Try again" not in page


def test_the_same_file_sent_again_is_kept_again_and_analysed_anew(world: World, media: Path) -> None:
    session = SessionFactory(patient=world.alices_patient)

    def sent() -> Recording:
        return uploads.recording_add(user=world.sam, session=session, upload=SimpleUploadedFile("a.wav", SOUND))

    first = sent()
    job_done(first.job_id)
    retention.audio_remove(user=world.sam, recording=first)
    again = sent()
    assert (again.id, again.audio_removed_at) == (first.id, None)
    assert again.job_id != first.job_id
    assert AnalysisJob.objects.get(id=again.job_id).file == again.file
    assert [str(path.relative_to(media)) for path in files_in(media)] == [again.file]


def test_the_check_of_the_storage_misses_no_audio_that_was_removed(world: World, recording: Recording) -> None:
    retention.audio_remove(user=world.alice, recording=recording)
    assert storage_check.compare().whole


def test_a_recording_without_audio_can_be_deleted(world: World, recording: Recording) -> None:
    retention.audio_remove(user=world.alice, recording=recording)
    assert recordings.recording_delete(user=world.alice, recording=recording)
    assert not DoomedFile.objects.exists()


def test_the_api_says_when_audio_was_removed(world: World, recording: Recording) -> None:
    address = f"{API}/recordings/{recording.id}"
    assert as_(world.alice).get(address).json()["audio_removed_at"] is None
    retention.audio_remove(user=world.alice, recording=recording)
    assert as_(world.alice).get(address).json()["audio_removed_at"]


def test_the_administrator_sets_the_days(world: World) -> None:
    client = signed_in(world.ada)
    client.post("/clinic/audio/", {"audio_days": "14"})
    world.clinic.refresh_from_db()
    assert (world.clinic.audio_days, world.clinic.affect_policy) == (14, AffectPolicy.ON)
    for days in ("0", "3651", "soon"):
        client.post("/clinic/audio/", {"audio_days": days})
    world.clinic.refresh_from_db()
    assert world.clinic.audio_days == 14
    assert signed_in(world.alice).post("/clinic/audio/", {"audio_days": "1"}).status_code == 403
    world.clinic.audio_days = 0
    with pytest.raises(ValidationError):
        world.clinic.full_clean()
