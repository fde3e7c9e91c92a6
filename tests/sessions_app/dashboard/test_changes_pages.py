"""What was changed, as the care team and the administrator read it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

import tenancy
from accounts import invitations
from accounts.models import AccessLogEntry, AffectPolicy, Clinic, Role, User
from sessions_app.changes import OF_CLINICS, OF_PATIENTS
from sessions_app.dashboard import changes
from sessions_app.models import Consent, Patient, Reason, Recording, Verdict
from sessions_app.reviews import review_set
from tests.pages import signed_in, text
from tests.world import (
    PASSWORD,
    PatientFactory,
    QuestionnaireFactory,
    RecordingFactory,
    SessionFactory,
    World,
    analysed,
)

CLINIC = "/clinic/changes/"


def address(world: World) -> str:
    return f"/patients/{world.alices_patient.id}/changes/"


def page(world: World) -> str:
    return text(signed_in(world.alice).get(address(world)))


def test_what_is_changed_on_a_page_is_shown_with_who_did_it_and_in_which_request(world: World) -> None:
    client = signed_in(world.sam)
    client.post(f"/patients/{world.alices_patient.id}/consents/withdraw/")
    consent = world.alices_patient.consents.get()
    assert consent.withdrawn_at
    shown = page(world)
    logged = AccessLogEntry.objects.get(action="withdraw")
    assert f"Sam {logged.request_id}" in shown
    assert "Consent of 1 Jan 2020 changed" in shown
    assert "Withdrawn – → is now" in shown
    assert "Withdrawn by – → is now Sam" in shown


def test_each_kind_of_record_is_told_in_plain_words(world: World) -> None:
    patient = world.alices_patient
    patient.care_team.add(world.bob)
    session = SessionFactory(patient=patient, created_by=world.sam)
    RecordingFactory(session=session, patient_channel="left", uploaded_by=world.sam)
    QuestionnaireFactory(patient=patient, items=[0, 1, 2, 3, 0, 1, 2, 3, 0])
    Patient.objects.filter(id=patient.id).update(given_name="Robyn")
    shown = page(world)
    for words in (
        "Patient changed Given name Robin → is now Robyn",
        "Care team joined Counselor Bob",
        "Session of 2 Mar 2026 added Held 2 Mar 2026, 09:00 Entered by Sam",
        "Recording session.wav added File session.wav Bytes 1000 Channel Patient on the left channel",
        "PHQ-9 of 2 Mar 2026 added Questionnaire PHQ-9 Answered 2 Mar 2026, 09:00 Answers 0, 1, 2, 3, 0, 1, 2, 3, 0",
        "Consent of 1 Jan 2020 added Version of the text 1 How it was given Signed on paper Sessions are recorded yes",
    ):
        assert words in shown
    assert "None" not in shown


def test_what_left_says_what_it_was(world: World) -> None:
    world.alices_patient.care_team.add(world.bob)
    world.alices_patient.care_team.remove(world.bob)
    Consent.objects.filter(patient=world.alices_patient).delete()
    shown = page(world)
    assert "Care team left Counselor Bob" in shown
    assert "Consent of 1 Jan 2020 removed Version of the text 1" in shown


def test_nobody_is_told_from_somebody_who_had_not_signed_in(world: World) -> None:
    assert "Undertone itself" in page(world)
    assert str(changes.NOT_SIGNED_IN) not in page(world)


def test_times_are_those_of_the_clinic(world: World) -> None:
    Clinic.objects.filter(id=world.clinic.id).update(time_zone="Asia/Tokyo")
    SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    assert "Session of 3 Mar 2026 added Held 3 Mar 2026, 08:30" in page(world)


def test_the_newest_comes_first_and_earlier_ones_on_further_pages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "PAGE_SIZE", 2)
    monkeypatch.setattr("sessions_app.dashboard.views.changes.PAGE_SIZE", 2)
    for name in ("Ann", "Ben", "Cas"):
        Patient.objects.filter(id=world.alices_patient.id).update(given_name=name)
    client = signed_in(world.alice)
    shown, place, found = "", address(world), []
    while place:
        answer = client.get(place)
        found.append(text(answer))
        shown = answer.content.decode()
        place = (
            address(world) + shown.partition('href="?')[2].partition('"')[0].join(["?", ""])
            if 'href="?' in shown
            else ""
        )
    # The record itself, its care team and its consent, and three changes.
    assert len(found) == 3
    assert found[0].index("Ben → is now Cas") < found[0].index("Ann → is now Ben")
    # What was before stands on another page.
    assert "Robin → is now Ann" in found[1]
    assert "added Number" in found[2]
    assert "Show earlier changes" not in found[2]


def test_a_page_costs_the_same_however_much_was_changed(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        Patient.objects.filter(id=world.alices_patient.id).update(given_name=f"Robin {number}")
        SessionFactory(patient=world.alices_patient)
    client = signed_in(world.alice)
    with django_assert_max_num_queries(25):
        client.get(address(world))


def test_a_change_of_another_patient_is_on_another_page(world: World) -> None:
    Patient.objects.filter(id=world.bobs_patient.id).update(given_name="Somebody else")
    assert "Somebody else" not in page(world)


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_for_a_counselor_outside_the_care_team_there_is_no_such_page(world: World, who: str) -> None:
    user = getattr(world, who)
    assert signed_in(user).get(address(world)).status_code == 404
    assert AccessLogEntry.objects.filter(actor_id=user.id, patient_id=world.alices_patient.id, allowed=False).exists()


@pytest.mark.parametrize("who", ["sam", "ada", "robot"])
def test_nobody_outside_care_may_see_it_and_a_try_is_recorded(world: World, who: str) -> None:
    user = getattr(world, who)
    assert signed_in(user).get(address(world)).status_code == 403
    assert AccessLogEntry.objects.filter(actor_id=user.id, action="see_changes", allowed=False).count() == 1


def test_looking_there_is_written_down_and_kept_by_no_browser(world: World) -> None:
    answer = signed_in(world.alice).get(address(world))
    assert answer.headers["Cache-Control"] == "no-store"
    row = AccessLogEntry.objects.get()
    assert (row.action, row.object_kind, row.patient_id) == ("read", "changes", world.alices_patient.id)


def test_the_patients_page_leads_there_for_the_care_team_only(world: World) -> None:
    patient = f"/patients/{world.alices_patient.id}/"
    assert f'href="{address(world)}"' in signed_in(world.alice).get(patient).content.decode()
    assert address(world) not in signed_in(world.sam).get(patient).content.decode()


@pytest.mark.parametrize("place", ["x", "-1", "9" * 40, ""])
def test_a_place_that_is_none_is_the_beginning(world: World, place: str) -> None:
    for user, where in ((world.alice, address(world)), (world.ada, CLINIC)):
        assert "added" in text(signed_in(user).get(where, {"after": place}))


def test_the_administrator_reads_what_was_changed_about_people_and_settings(world: World) -> None:
    client = signed_in(world.ada)
    client.post("/clinic/policy/", {"policy": "off"})
    client.post("/clinic/audio/", {"audio_days": "7"})
    User.objects.filter(id=world.sam.id).update(is_active=False)
    with tenancy.acting_as(world.ada.id):
        User.objects.filter(id=world.bob.id).update(role="staff", email="bob@new.test")
    shown = text(client.get(CLINIC))
    for words in (
        "Clinic changed Voice scores On: scores are made and shown → is now Off: recordings",
        "Clinic changed Days that audio is kept 30 → is now 7",
        "Account of Sam changed Account active → is now switched off",
        "Role Counselor → is now Staff",
        "→ is now bob@new.test",
        "Account of Alice added",
    ):
        assert words in shown


def test_it_holds_nothing_of_a_patient_or_of_another_clinic(world: World) -> None:
    Clinic.objects.filter(id=world.mallory.clinic_id).update(name="Elsewhere and beyond")
    SessionFactory(patient=world.alices_patient)
    shown = text(signed_in(world.ada).get(CLINIC))
    for stranger in ("Alder", world.alices_patient.reference, "Elsewhere", "Mallory", "Session of", "Consent"):
        assert stranger not in shown


@pytest.mark.parametrize("who", ["alice", "sam", "robot"])
def test_people_and_settings_are_for_the_administrator(world: World, who: str) -> None:
    assert signed_in(getattr(world, who)).get(CLINIC).status_code == 403


def test_the_clinics_page_leads_there_and_looking_is_written_down(world: World) -> None:
    client = signed_in(world.ada)
    assert f'href="{CLINIC}"' in client.get("/").content.decode()
    client.get(CLINIC)
    row = AccessLogEntry.objects.get()
    assert (row.action, row.object_kind, row.patient_id) == ("read", "changes", None)


def test_who_makes_an_account_from_a_link_is_its_owner(world: World, client: Client) -> None:
    invitation, _ = invitations.invitation_add(user=world.ada, email="new@clinic.test", role=Role.STAFF)
    made = invitations.accept(invitation_id=invitation.id, name="Nora New", password=f"{PASSWORD}-of-nora")
    shown = text(signed_in(world.ada).get(CLINIC))
    assert made.display_name == "Nora New"
    assert "Nora New" in shown.partition("Account of Nora New added")[0]


def test_every_field_that_is_kept_has_words_or_is_left_out_on_purpose() -> None:
    for table in (OF_PATIENTS | OF_CLINICS).values():  # type: ignore[operator]
        fields = {field.attname for field in table._meta.concrete_fields if not field.name.startswith("pgh_")}
        missing = fields - set(changes.WORDS) - changes.WITHOUT_WORDS
        assert missing <= {"actor_id", "clinic_id", "patient_id", "request_id"}, table


def test_what_is_typed_is_shown_as_text(world: World) -> None:
    PatientFactory(clinic=world.clinic)
    Patient.objects.filter(id=world.alices_patient.id).update(given_name="<script>alert(1)</script>")
    Recording.objects.all().delete()
    assert "<script>alert" not in signed_in(world.alice).get(address(world)).content.decode()


@pytest.mark.parametrize("policy", list(AffectPolicy))
def test_what_was_said_of_a_score_is_told_only_where_the_score_is(world: World, policy: AffectPolicy) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    said = {"verdict": Verdict.DISAGREE, "reason": Reason.NOT_AS_MET, "note": ""}
    review_set(user=world.alice, recording=recording, seen=recording.analysis_id, **said)
    Clinic.objects.update(affect_policy=policy)
    world.alice.refresh_from_db()
    assert ("Disagree" in page(world)) is (policy == AffectPolicy.ON)
