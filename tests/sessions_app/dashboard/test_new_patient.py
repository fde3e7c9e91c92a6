"""Adding a patient on the page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.test import Client

from accounts.models import AccessLogEntry, Role, User
from sessions_app.models import Consent, Patient, Scope
from tests.pages import signed_in, text
from tests.world import PatientFactory, UserFactory, World

KIM = {"reference": "W-1", "given_name": "Kim", "family_name": "Linden"}
CONSENT = {
    "with_consent": "on",
    "consent-given_on": "2026-03-01",
    "consent-method": "paper",
    "consent-text_version": "2026-01",
    "consent-recording": "on",
    "consent-voice_analysis": "on",
}


def add(user: User, team: list[User], **fields: str) -> HttpResponse:
    sent: dict[str, Any] = {**KIM, "care_team": [str(one.id) for one in team], **fields}
    response: HttpResponse = signed_in(user).post("/patients/new/", sent)
    return response


def refused(response: HttpResponse) -> str:
    assert response.status_code == 422
    response.status_code = 200
    assert not Patient.objects.filter(family_name="Linden").exists()
    return text(response)


def test_staff_add_a_patient_whom_the_chosen_counselor_then_sees(world: World) -> None:
    response = add(world.sam, [world.bob])
    patient = Patient.objects.get(reference="W-1")
    assert response.headers["Location"] == f"/patients/{patient.id}/"
    assert patient.clinic == world.clinic
    assert "Kim Linden" in text(signed_in(world.bob).get("/"))
    assert "Kim Linden" not in text(signed_in(world.alice).get("/"))


def test_a_counselor_who_adds_a_patient_joins_the_care_team_unasked(world: World) -> None:
    page = text(signed_in(world.alice).get("/patients/new/"))
    assert "You are part of it." in page
    add(world.alice, [])
    assert list(Patient.objects.get(reference="W-1").care_team.all()) == [world.alice]


def test_a_counselor_can_name_others_of_the_team(world: World) -> None:
    add(world.alice, [world.bob])
    assert set(Patient.objects.get(reference="W-1").care_team.all()) == {world.alice, world.bob}


def test_staff_must_choose_at_least_one_counselor(world: World) -> None:
    assert "Please choose at least one counselor" in refused(add(world.sam, []))


@pytest.mark.parametrize("who", ["mallory", "sam", "ada"])
def test_nobody_but_a_counselor_of_the_clinic_can_be_chosen(world: World, who: str) -> None:
    assert "Please choose from the counselors of this clinic." in refused(add(world.sam, [getattr(world, who)]))


def test_only_active_counselors_of_the_clinic_are_offered(world: World) -> None:
    UserFactory(clinic=world.clinic, display_name="Gone Gale", is_active=False)
    page = text(signed_in(world.sam).get("/patients/new/"))
    assert "Alice Bob" in page
    for name in ("Gone Gale", "Mallory", "EHR"):
        assert name not in page


def test_a_clinic_without_counselors_says_what_is_missing(world: World) -> None:
    User.objects.filter(role=Role.COUNSELOR).update(is_active=False)
    assert "This clinic has no counselor yet." in text(signed_in(world.sam).get("/patients/new/"))


def test_a_number_that_is_taken_is_a_sentence_even_if_its_patient_is_not_in_sight(world: World) -> None:
    PatientFactory(clinic=world.clinic, reference="w-1", care_team=[world.bob])
    page = refused(add(world.alice, []))
    assert "Another patient of this clinic has this number." in page
    assert "Constraint" not in page


def test_another_clinic_may_use_the_same_number(world: World) -> None:
    PatientFactory(clinic=world.mallory.clinic, reference="W-1")
    assert add(world.sam, [world.alice]).status_code == 302


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("reference", "Please give the clinic’s number for this patient."),
        ("given_name", "Please give the patient’s given name."),
        ("family_name", "Please give the patient’s family name."),
    ],
)
def test_what_is_missing_is_asked_for(world: World, field: str, sentence: str) -> None:
    assert sentence in refused(add(world.sam, [world.alice], **{field: " "}))


def test_consent_can_be_recorded_at_once(world: World) -> None:
    add(world.sam, [world.alice], **CONSENT)
    consent = Consent.objects.get(patient__reference="W-1")
    assert (consent.text_version, consent.voice_analysis, consent.taken_by) == ("2026-01", True, world.sam)


def test_no_browser_asks_for_a_consent_that_is_out_of_sight(world: World) -> None:
    page = signed_in(world.sam).get("/patients/new/").content.decode()
    fields = [one for one in re.split("<input|<select", page)[1:] if 'name="consent-' in one]
    assert len(fields) == len(Scope) + 4
    assert not [one for one in fields if "required" in one.split(">")[0]]


def test_without_the_tick_the_fields_of_the_consent_are_left_alone(world: World) -> None:
    add(world.sam, [world.alice], **{**CONSENT, "with_consent": "", "consent-given_on": "nonsense"})
    assert not Consent.objects.filter(patient__reference="W-1").exists()


def test_a_consent_that_cannot_be_used_adds_no_patient_either(world: World) -> None:
    page = refused(add(world.sam, [world.alice], **{**CONSENT, "consent-given_on": "2999-01-01"}))
    assert "This day lies in the future." in page


def test_whoever_is_slower_with_the_same_number_is_told_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def add_in_vain(**_: object) -> None:
        raise ValidationError({"reference": "Another patient of this clinic has this number."})

    monkeypatch.setattr("sessions_app.services.patient_add", add_in_vain)
    assert "Another patient of this clinic has this number." in refused(add(world.sam, [world.alice]))


def test_adding_leaves_rows_for_patient_and_consent_in_the_access_log(world: World) -> None:
    add(world.sam, [world.alice], **CONSENT)
    patient = Patient.objects.get(reference="W-1")
    rows = AccessLogEntry.objects.filter(patient_id=patient.id).order_by("id")
    assert [(row.action, row.object_kind) for row in rows] == [("create", "patient"), ("create", "consent")]


@pytest.mark.parametrize("who", ["ada", "robot"])
def test_a_role_that_adds_nobody_is_refused_and_offered_no_button(world: World, who: str) -> None:
    assert add(getattr(world, who), [world.alice]).status_code == 403
    assert AccessLogEntry.objects.get().action == "add_patient"
    assert "Add a patient" not in text(signed_in(getattr(world, who)).get("/"))


@pytest.mark.parametrize("who", ["alice", "sam"])
def test_the_list_leads_to_the_form(world: World, who: str) -> None:
    assert 'href="/patients/new/"' in signed_in(getattr(world, who)).get("/").content.decode()


def test_who_has_not_signed_in_is_sent_to_the_sign_in_page(db: None) -> None:
    assert Client().get("/patients/new/").headers["Location"] == "/sign-in/?next=/patients/new/"
