"""Uploading recordings over the API, and what became of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.storage import default_storage

from accounts.models import AccessLogEntry, User
from inference.models import AnalysisJob
from sessions_app.models import Consent, Recording, Session
from tests.sessions_app.api.client import API, as_, last_log, problem, sound
from tests.world import JobFactory, RecordingFactory, SessionFactory, World, analysed, job_done


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Any) -> Any:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def session(world: World) -> Session:
    return SessionFactory(patient=world.alices_patient)


def upload(user: User, session: Session, **form: Any) -> Any:
    body = {"session": str(session.id), "file": sound(), **form}
    return as_(user).post(f"{API}/recordings", body, format="multipart")


def test_an_upload_is_accepted_with_a_job_to_poll(world: World, session: Session) -> None:
    response = upload(world.sam, session)
    assert response.status_code == 202
    job = response.json()["job"]
    assert (job["state"], job["progress"], job["stage_label"]) == ("queued", 0.0, "Waiting")
    assert response["Location"] == job["url"]
    assert as_(world.sam).get(response["Location"]).json()["id"] == job["id"]


def test_an_upload_is_kept_under_no_name_of_the_client(world: World, session: Session, storage: Any) -> None:
    response = upload(world.sam, session, file=sound("../../etc/\u202ecron.wav"))
    assert response.json()["original_name"] == "cron.wav"
    recording = Recording.objects.get()
    assert "cron" not in recording.file
    assert default_storage.open(recording.file).read() == b"RIFF some sound"


def test_the_answer_does_not_say_where_the_file_lies(world: World, session: Session) -> None:
    response = upload(world.sam, session)
    assert Recording.objects.get().file not in response.content.decode()


def test_the_same_bytes_for_the_same_session_give_the_same_recording(world: World, session: Session) -> None:
    first, second = upload(world.sam, session), upload(world.sam, session, file=sound("other.wav"))
    assert first.json()["id"] == second.json()["id"]
    assert second.status_code == 202


def test_the_same_bytes_again_are_a_200_when_their_analysis_is_done(world: World, session: Session) -> None:
    upload(world.sam, session)
    job_done(AnalysisJob.objects.get().id)
    assert upload(world.sam, session).status_code == 200


def test_without_consent_nothing_is_kept(world: World, session: Session, storage: Any) -> None:
    Consent.objects.all().delete()
    assert problem(upload(world.sam, session)) == (409, "consent_missing")
    assert not Recording.objects.exists()
    assert not list(storage.rglob("recordings/*"))


def test_an_empty_file_says_so(world: World, session: Session) -> None:
    assert problem(upload(world.sam, session, file=sound(content=b""))) == (422, "empty_file")


def test_a_body_larger_than_any_recording_is_refused_before_it_is_read(world: World, session: Session) -> None:
    response = as_(world.sam).post(
        f"{API}/recordings", b"x", content_type="multipart/form-data; boundary=b", CONTENT_LENGTH=str(2 * 1024**3)
    )
    assert problem(response) == (413, "too_large")


def test_a_missing_file_and_session_are_named(world: World) -> None:
    response = as_(world.sam).post(f"{API}/recordings", {}, format="multipart")
    assert problem(response) == (400, "invalid")
    assert set(response.json()["errors"]) == {"session", "file"}


def test_a_text_where_a_file_belongs_is_named(world: World, session: Session) -> None:
    response = upload(world.sam, session, file="not a file")
    assert problem(response) == (400, "invalid")
    assert list(response.json()["errors"]) == ["file"]


def test_a_channel_that_does_not_exist_is_named(world: World, session: Session) -> None:
    response = upload(world.sam, session, patient_channel="middle")
    assert list(response.json()["errors"]) == ["patient_channel"]


def test_a_channel_reaches_the_job(world: World, session: Session) -> None:
    upload(world.sam, session, patient_channel="left")
    assert AnalysisJob.objects.get().options == {"patient_channel": "left"}


def test_somebody_elses_session_gets_no_recording(world: World) -> None:
    session = SessionFactory(patient=world.bobs_patient)
    response = upload(world.alice, session)
    assert problem(response) == (400, "invalid")
    assert last_log() == ("refer_to", "session", False)
    assert not Recording.objects.exists()


def test_identity_and_checksum_cannot_be_chosen_by_the_client(world: World, session: Session) -> None:
    other = RecordingFactory(session=SessionFactory(patient=world.bobs_patient))
    response = upload(world.sam, session, id=str(other.id), sha256="0" * 64, job=str(other.job_id), state="succeeded")
    assert response.json()["id"] != str(other.id)
    assert response.json()["sha256"] != "0" * 64
    assert response.json()["job"]["state"] == "queued"


def test_the_administrator_may_not_upload(world: World, session: Session) -> None:
    assert problem(upload(world.ada, session)) == (403, "permission_denied")
    assert last_log() == ("upload_recording", "recording", False)


def test_json_is_not_a_recording(world: World) -> None:
    assert problem(as_(world.sam).post(f"{API}/recordings", {}, format="json")) == (415, "unsupported_media_type")


def test_recordings_are_narrowed_to_a_session(world: World, session: Session) -> None:
    own = RecordingFactory(session=session)
    RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    body = as_(world.alice).get(f"{API}/recordings", {"session": session.id}).json()
    assert [row["id"] for row in body["results"]] == [str(own.id)]


def test_somebody_elses_recording_is_a_404(world: World) -> None:
    recording = RecordingFactory(session=SessionFactory(patient=world.bobs_patient))
    assert problem(as_(world.alice).get(f"{API}/recordings/{recording.id}")) == (404, "not_found")


def test_staff_see_that_it_is_done_and_no_way_to_the_analysis(world: World, session: Session) -> None:
    recording = analysed(session)
    job = as_(world.sam).get(f"{API}/recordings/{recording.id}").json()["job"]
    assert (job["state"], job["analysis"], job["analysis_url"]) == ("succeeded", None, None)


def test_an_analysis_of_an_earlier_job_is_not_passed_off_as_the_new_ones(world: World, session: Session) -> None:
    recording = analysed(session)
    next_job = JobFactory(tenant=world.clinic.id, subject=recording.id)
    Recording.objects.update(job=next_job)
    assert as_(world.alice).get(f"{API}/jobs/{next_job.id}").json()["analysis"] is None


def test_a_counselor_finds_the_analysis_by_its_link(world: World, session: Session) -> None:
    recording = analysed(session)
    job = as_(world.alice).get(f"{API}/recordings/{recording.id}").json()["job"]
    assert as_(world.alice).get(job["analysis_url"]).json()["id"] == job["analysis"] == str(recording.analysis_id)


def test_an_upload_without_consent_and_one_of_known_bytes_are_logged_too(world: World, session: Session) -> None:
    for _ in range(2):
        upload(world.sam, session)
        assert last_log() == ("upload", "recording", True)
    Consent.objects.all().delete()
    upload(world.sam, session)
    assert last_log() == ("upload", "recording", False)
    assert AccessLogEntry.objects.count() == 3
