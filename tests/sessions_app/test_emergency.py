"""Emergency access: one patient, for a while, with a reason, marked and told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import access_log
from accounts.models import AccessLogEntry, EmergencyAccess, User
from inference.models import JobState
from sessions_app import emergency, erasure, exports, identification, recordings, retention, services, uploads
from sessions_app.errors import ChannelForCareTeam
from sessions_app.models import Patient, PatientChannel, QuestionnaireResponse, Recording, Session
from tests.pages import signed_in, text
from tests.scores import marked, traces
from tests.world import QuestionnaireFactory, RecordingFactory, SessionFactory, World

pytestmark = pytest.mark.django_db

REASON = "Robin called in crisis, and Alice cannot be reached."


def begin(world: World, who: User | None = None, **asked: str) -> Patient:
    number = asked.get("number", world.alices_patient.reference)
    return emergency.emergency_begin(user=who or world.bob, number=number, reason=asked.get("reason", REASON))


def over() -> None:
    """Let the time of every emergency access pass."""
    EmergencyAccess.objects.update(ends_at=Now() - timedelta(seconds=1))


def seen_by(user: User) -> set[Patient]:
    return set(Patient.objects.visible_to(user))


def test_it_opens_one_patient_and_all_that_belongs_to_them_and_nothing_else(world: World) -> None:
    session = SessionFactory(patient=world.alices_patient)
    recording = marked(session)
    QuestionnaireFactory(patient=world.alices_patient)
    other = Patient.objects.create(clinic=world.clinic, reference="P-other", given_name="O", family_name="Ther")
    other.care_team.add(world.alice)
    begin(world)
    assert seen_by(world.bob) == {world.alices_patient, world.bobs_patient}
    assert list(Session.objects.visible_to(world.bob)) == [session]
    assert list(Recording.objects.visible_to(world.bob)) == [recording]
    assert QuestionnaireResponse.objects.visible_to(world.bob).count() == 1
    page = signed_in(world.bob).get(f"/patients/{world.alices_patient.id}/")
    assert traces(page.content.decode())
    assert "Emergency access until" in text(page)


def test_of_a_patient_who_is_erased_meanwhile_nothing_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = emergency.is_of_care_team

    def erased_meanwhile(user: User, patient: Patient) -> bool:
        erasure.patient_erase(user=world.alice, patient=world.alices_patient)
        return asked(user, patient)

    monkeypatch.setattr(emergency, "is_of_care_team", erased_meanwhile)
    with pytest.raises(ValidationError) as refused:
        begin(world)
    assert refused.value.message_dict == {"number": [emergency.NOBODY]}
    assert not EmergencyAccess.objects.exists()


def test_it_opens_nothing_for_anybody_else(world: World) -> None:
    before = {who: seen_by(getattr(world, who)) for who in ("alice", "sam", "ada", "mallory", "robot")}
    begin(world)
    assert {who: seen_by(getattr(world, who)) for who in before} == before


def test_a_patient_with_several_counselors_is_listed_once(world: World) -> None:
    world.alices_patient.care_team.add(world.alice, world.mallory)
    begin(world)
    assert Patient.objects.visible_to(world.bob).count() == 2


def test_it_ends_by_itself(world: World) -> None:
    begin(world)
    access = EmergencyAccess.objects.get()
    assert access.ends_at - access.began_at == timedelta(minutes=60)
    over()
    assert seen_by(world.bob) == {world.bobs_patient}
    assert signed_in(world.bob).get(f"/patients/{world.alices_patient.id}/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "crisis"}, "reason"),
        ({"reason": "  short        " + " " * 20}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"number": "P-nobody"}, "number"),
    ],
)
def test_a_reason_and_a_number_of_the_clinic_are_asked_for(world: World, asked: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        begin(world, **asked)
    assert field in refused.value.message_dict
    assert not EmergencyAccess.objects.exists()


def test_a_patient_of_another_clinic_cannot_be_opened_and_the_try_is_recorded(world: World) -> None:
    with pytest.raises(ValidationError):
        begin(world, number=world.mallorys_patient.reference)
    row = AccessLogEntry.objects.get()
    assert (row.action, row.allowed, row.purpose) == ("break_glass", False, "emergency")


@pytest.mark.parametrize("who", ["sam", "ada", "robot"])
def test_only_counselors_may_and_a_try_is_recorded(world: World, who: str) -> None:
    with pytest.raises(PermissionDenied):
        begin(world, getattr(world, who))
    assert signed_in(getattr(world, who)).post("/emergency/").status_code == 403
    assert {row.allowed for row in AccessLogEntry.objects.all()} == {False}


def test_who_cares_for_the_patient_needs_none(world: World) -> None:
    assert begin(world, world.alice) == world.alices_patient
    assert not EmergencyAccess.objects.exists()
    assert "Emergency access" not in text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/"))


def test_every_access_under_it_is_marked_and_none_before_or_after(world: World) -> None:
    recording = marked(SessionFactory(patient=world.alices_patient))
    client, patient = signed_in(world.bob), f"/patients/{world.alices_patient.id}/"
    client.get(patient)
    begin(world)
    for address in (patient, f"{patient}course/", f"/sessions/{recording.session_id}/", f"/api/v1{patient}"):
        assert client.get(address).status_code == 200
    client.get(f"/patients/{world.bobs_patient.id}/")
    signed_in(world.alice).get(patient)
    over()
    client.get(patient)
    rows = AccessLogEntry.objects.filter(actor_id=world.bob.id).order_by("id").values_list("action", "purpose")
    marks = [("break_glass", "emergency"), *[("read", "emergency")] * 4]
    assert list(rows) == [("read", "care"), *marks, ("read", "care"), ("read", "care")]
    assert AccessLogEntry.objects.get(actor_id=world.alice.id).purpose == "care"


@pytest.mark.parametrize(
    "address", ["/", *(f"/api/v1/{kind}" for kind in ("patients", "sessions", "recordings", "analyses"))]
)
def test_a_list_with_the_patient_in_it_is_marked_as_theirs(world: World, address: str) -> None:
    marked(SessionFactory(patient=world.alices_patient))
    marked(SessionFactory(patient=world.bobs_patient))
    begin(world)
    signed_in(world.bob).get(address)
    rows = AccessLogEntry.objects.filter(actor_id=world.bob.id, action="list").values_list("patient_id", "purpose")
    assert set(rows) == {(None, "care"), (world.alices_patient.id, "emergency")}


def test_so_is_a_list_that_is_narrowed_to_one_session(world: World) -> None:
    session = SessionFactory(patient=world.alices_patient)
    marked(session)
    begin(world)
    signed_in(world.bob).get("/api/v1/analyses", {"session": str(session.id)})
    (row,) = AccessLogEntry.objects.filter(actor_id=world.bob.id, action="list")
    assert (row.patient_id, row.purpose) == (world.alices_patient.id, "emergency")


@pytest.mark.parametrize("kind", ["patients", "sessions", "recordings", "analyses"])
def test_each_patient_whom_a_program_was_given_in_a_list_is_in_the_accounting_of_disclosures(
    world: World, kind: str
) -> None:
    for patient in (world.alices_patient, world.bobs_patient):
        marked(SessionFactory(patient=patient))
    answer = signed_in(world.robot).get(f"/api/v1/{kind}")
    assert answer.status_code == 200
    rows = AccessLogEntry.objects.filter(actor_id=world.robot.id, patient_id__isnull=False)
    assert {row.purpose for row in rows} == {"disclosure"}
    assert {row.patient_id for row in rows} == {world.alices_patient.id, world.bobs_patient.id}
    assert len(rows) == len(answer.json()["results"]) == 2


def test_nothing_that_cannot_be_undone_is_done_under_it(world: World) -> None:
    recording, patient = marked(SessionFactory(patient=world.alices_patient)), world.alices_patient
    begin(world)
    for act in (
        lambda: recordings.recording_delete(user=world.bob, recording=recording),
        lambda: recordings.recording_reanalyze(user=world.bob, recording=recording),
        lambda: retention.audio_remove(user=world.bob, recording=recording),
        lambda: exports.patient_export(user=world.bob, patient=patient),
        lambda: erasure.patient_erase(user=world.bob, patient=patient),
        lambda: identification.patient_swap(user=world.bob, recording=recording, seen=recording.job_id),
        lambda: identification.patient_confirm(user=world.bob, recording=recording, seen=recording.job_id),
        lambda: services.consent_withdraw(user=world.bob, patient=patient),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert AccessLogEntry.objects.filter(allowed=False, purpose="emergency").count() == 8
    page = signed_in(world.bob).get(f"/patients/{patient.id}/").content.decode()
    assert "/export/" not in page
    assert "/erase/" not in page
    assert "/consents/withdraw/" not in page
    assert signed_in(world.bob).get(f"/patients/{patient.id}/consents/withdraw/").status_code == 403
    assert patient.consents.standing().exists()
    session = signed_in(world.bob).get(f"/sessions/{recording.session_id}/").content.decode()
    assert "/delete/" not in session
    assert "/remove-audio/" not in session
    assert "/confirm-patient/" not in session
    assert "/swap-patient/" not in session
    assert "/confirm-patient/" in signed_in(world.alice).get(f"/sessions/{recording.session_id}/").content.decode()


def test_the_form_opens_the_patient(world: World) -> None:
    client = signed_in(world.bob)
    assert "60 minutes" in text(client.get("/emergency/"))
    assert client.post("/emergency/", {"number": world.alices_patient.reference, "reason": "no"}).status_code == 422
    sent = {"number": world.alices_patient.reference.lower(), "reason": REASON}
    assert client.post("/emergency/", sent).headers["Location"] == f"/patients/{world.alices_patient.id}/"


def test_the_administrator_is_told_until_they_say_that_they_have_seen_it(world: World) -> None:
    begin(world)
    client, access = signed_in(world.ada), EmergencyAccess.objects.get()
    page = text(client.get("/"))
    assert f"Bob {world.alices_patient.reference}" in page
    assert REASON in page
    assert "Alder" not in page
    assert signed_in(world.alice).post(f"/clinic/emergencies/{access.id}/seen/").status_code == 403
    client.post(f"/clinic/emergencies/{access.id}/seen/")
    access.refresh_from_db()
    assert access.seen_by == world.ada
    assert access.seen_at
    assert REASON not in text(client.get("/"))
    # It does not end by being seen.
    assert world.alices_patient in seen_by(world.bob)


def test_reading_why_leaves_a_row_for_each_patient_whom_it_was_about(world: World) -> None:
    other = Patient.objects.create(clinic=world.clinic, reference="P-other", given_name="O", family_name="Ther")
    for number in (world.alices_patient.reference, other.reference, other.reference):
        begin(world, number=number)
    client, access = signed_in(world.ada), EmergencyAccess.objects.filter(patient_id=other.id)
    client.get("/")
    rows = AccessLogEntry.objects.filter(actor_id=world.ada.id)
    assert {(row.action, row.object_kind, row.purpose, row.allowed) for row in rows} == {
        ("read", "emergency_access", "administration", True)
    }
    assert sorted(row.patient_id for row in rows if row.patient_id) == sorted([world.alices_patient.id, other.id])
    for one in access:
        client.post(f"/clinic/emergencies/{one.id}/seen/")
    client.get("/")
    assert rows.filter(action="read").count() == 3
    assert rows.filter(action="read", patient_id=other.id).count() == 1


def test_where_there_was_none_the_administrators_page_leaves_no_row(world: World) -> None:
    signed_in(world.ada).get("/")
    assert not AccessLogEntry.objects.exists()


def test_the_administrator_of_another_clinic_is_told_nothing(world: World) -> None:
    begin(world)
    world.ada.clinic = world.mallory.clinic
    world.ada.save()
    client = signed_in(world.ada)
    assert REASON not in text(client.get("/"))
    client.post(f"/clinic/emergencies/{EmergencyAccess.objects.get().id}/seen/")
    assert EmergencyAccess.objects.get().seen_at is None


def test_marking_costs_no_query_more(world: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        access_log.record(actor=world.alice, action="read", object_kind="patient")


CONTENT = b"the same file"


def sent(world: World, user: User, session: Session, channel: PatientChannel) -> Recording:
    upload = SimpleUploadedFile("monday.wav", CONTENT)
    return uploads.recording_add(user=user, session=session, upload=upload, patient_channel=channel)


def test_no_upload_names_another_channel_under_it_and_the_refusal_is_marked(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    session = SessionFactory(patient=world.alices_patient)
    recording = sent(world, world.alice, session, PatientChannel.LEFT)
    begin(world)
    with pytest.raises(ChannelForCareTeam):
        sent(world, world.bob, session, PatientChannel.RIGHT)
    as_it_was = Recording.objects.get()
    assert (as_it_was.patient_channel, as_it_was.job_id) == ("left", recording.job_id)
    row = AccessLogEntry.objects.get(actor_id=world.bob.id, allowed=False)
    assert (row.action, row.purpose, row.patient_id) == ("upload", "emergency", world.alices_patient.id)
    assert sent(world, world.bob, session, PatientChannel.LEFT) == recording
    assert sent(world, world.sam, session, PatientChannel.RIGHT).patient_channel == "right"


def test_audio_that_comes_back_under_it_names_no_other_channel(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    session = SessionFactory(patient=world.alices_patient)
    recording = sent(world, world.alice, session, PatientChannel.LEFT)
    retention.audio_remove(user=world.alice, recording=recording)
    begin(world)
    with pytest.raises(ChannelForCareTeam):
        sent(world, world.bob, session, PatientChannel.RIGHT)
    as_it_was = Recording.objects.get()
    assert (as_it_was.has_audio, as_it_was.patient_channel) == (False, "left")


def test_the_upload_form_says_why_it_takes_no_other_channel_under_it(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    session = SessionFactory(patient=world.alices_patient)
    sent(world, world.alice, session, PatientChannel.LEFT)
    begin(world)
    upload = SimpleUploadedFile("monday.wav", CONTENT)
    form = {"session": str(session.id), "file": upload, "patient_channel": "right"}
    answer = signed_in(world.bob).post("/api/v1/recordings", form)
    assert (answer.status_code, answer.json()["code"]) == (403, "channel_for_care_team")
    again = SimpleUploadedFile("monday.wav", CONTENT)
    form = {"held_at": "2026-03-02T09:00", "file": again, "patient_channel": "right"}
    page = signed_in(world.bob).post(f"/patients/{world.alices_patient.id}/sessions/", form)
    assert page.status_code == 422
    assert ChannelForCareTeam.code in page.content.decode()


def test_a_channel_that_did_not_fit_is_not_named_anew_under_it_and_no_button_offers_it(world: World) -> None:
    recording = RecordingFactory(
        session=SessionFactory(patient=world.alices_patient),
        job__state=JobState.FAILED,
        job__error_code="bad_channel",
        job__error_message="Please name the channel.",
    )
    begin(world)
    with pytest.raises(ChannelForCareTeam):
        identification.patient_channel_name(user=world.bob, recording=recording, channel=PatientChannel.LEFT)
    row = AccessLogEntry.objects.get(actor_id=world.bob.id, allowed=False)
    assert (row.action, row.purpose) == ("retry", "emergency")
    addresses = (f"/sessions/{recording.session_id}/", f"/patients/{world.alices_patient.id}/")
    offered = 'name="patient_channel" value="left"'
    for address in addresses:
        assert offered not in signed_in(world.bob).get(address).content.decode()
        assert offered in signed_in(world.alice).get(address).content.decode()


def test_no_button_offers_to_analyse_again_under_it_and_sending_the_form_changes_nothing(world: World) -> None:
    recording = marked(SessionFactory(patient=world.alices_patient))
    begin(world)
    page, address = f"/sessions/{recording.session_id}/", f"/recordings/{recording.id}/reanalyze/"
    assert address in signed_in(world.alice).get(page).content.decode()
    assert address not in signed_in(world.bob).get(page).content.decode()
    assert signed_in(world.bob).post(address).status_code == 403
    assert Recording.objects.get().job_id == recording.job_id


@pytest.mark.parametrize("what", ["export", "erase", "report", "consents/withdraw"])
def test_what_is_for_the_care_team_alone_says_that_it_is_not_the_role_which_lacks_it(world: World, what: str) -> None:
    begin(world)
    answer = signed_in(world.bob).get(f"/patients/{world.alices_patient.id}/{what}/")
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "Emergency access does not include this" in page
    assert "Your role in the clinic does not include this" not in page


def test_what_the_role_lacks_is_still_said_of_the_role(world: World) -> None:
    answer = signed_in(world.sam).get(f"/patients/{world.alices_patient.id}/export/")
    assert answer.status_code == 403
    assert "Your role in the clinic does not include this" in answer.content.decode()


def test_a_program_is_told_so_too(world: World) -> None:
    begin(world)
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    answer = signed_in(world.bob).delete(f"/api/v1/recordings/{recording.id}")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert "emergency access does not" in answer.json()["detail"]
