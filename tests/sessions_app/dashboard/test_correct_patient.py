"""Putting a patient's name or number right on the page."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.test import Client

from accounts.models import AccessLogEntry, User
from sessions_app import emergency, erasure, services
from sessions_app.models import Patient
from tests.pages import signed_in, text
from tests.world import PatientFactory, World

FIELDS = ("reference", "given_name", "family_name")


def address(patient: Patient) -> str:
    return f"/patients/{patient.id}/correct/"


def opened(patient: Patient) -> dict[str, str]:
    """What a page sends that was opened by now: each field, and what stood in it."""
    now = {name: str(getattr(patient, name)) for name in FIELDS}
    return now | {f"initial-{name}": value for name, value in now.items()}


def correct(user: User, patient: Patient, **typed: str) -> HttpResponse:
    response: HttpResponse = signed_in(user).post(address(patient), opened(patient) | typed)
    return response


def names(patient: Patient) -> tuple[str, ...]:
    patient.refresh_from_db()
    return tuple(getattr(patient, name) for name in FIELDS)


def refused(response: HttpResponse) -> str:
    assert response.status_code == 422
    response.status_code = 200
    return text(response)


@pytest.mark.parametrize("who", ["alice", "sam"])
def test_who_may_add_a_patient_puts_name_and_number_right(world: World, who: str) -> None:
    patient, user = world.alices_patient, getattr(world, who)
    assert f'href="{address(patient)}"' in signed_in(user).get(f"/patients/{patient.id}/").content.decode()
    response = correct(user, patient, reference="W-7", given_name="Kim", family_name="Linden")
    assert response.headers["Location"] == f"/patients/{patient.id}/"
    assert names(patient) == ("W-7", "Kim", "Linden")
    assert "Kim Linden W-7" in text(signed_in(user).get(f"/patients/{patient.id}/"))


def test_the_page_shows_what_there_is_and_leads_back(world: World) -> None:
    page = signed_in(world.alice).get(address(world.alices_patient)).content.decode()
    for name in FIELDS:
        assert f'value="{getattr(world.alices_patient, name)}"' in page
    assert page.count(f'href="/patients/{world.alices_patient.id}/"') == 2


@pytest.mark.parametrize("who", ["ada", "robot"])
def test_a_role_that_adds_nobody_is_refused(world: World, who: str) -> None:
    before = names(world.alices_patient)
    assert correct(getattr(world, who), world.alices_patient, given_name="Kim").status_code == 403
    row = AccessLogEntry.objects.get()
    assert (row.action, row.allowed, names(world.alices_patient)) == ("correct_patient", False, before)


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_a_patient_out_of_sight_is_a_404(world: World, who: str) -> None:
    before = names(world.alices_patient)
    assert correct(getattr(world, who), world.alices_patient, given_name="Kim").status_code == 404
    assert names(world.alices_patient) == before


def test_nothing_is_corrected_under_emergency_access(world: World) -> None:
    patient = world.alices_patient
    reason = "Robin called in crisis, and Alice cannot be reached."
    emergency.emergency_begin(user=world.bob, number=patient.reference, reason=reason)
    assert address(patient) not in signed_in(world.bob).get(f"/patients/{patient.id}/").content.decode()
    assert signed_in(world.bob).get(address(patient)).status_code == 403
    assert correct(world.bob, patient, given_name="Kim").status_code == 403
    with pytest.raises(PermissionDenied):
        services.patient_correct(user=world.bob, patient=patient, given_name="Kim")
    row = AccessLogEntry.objects.latest("id")
    assert (row.action, row.allowed, row.patient_id) == ("correct_patient", False, patient.id)


def test_of_a_patient_who_was_erased_meanwhile_nothing_is_kept(world: World) -> None:
    sent, patient = opened(world.alices_patient), world.alices_patient
    erasure.patient_erase(user=world.alice, patient=patient)
    assert signed_in(world.alice).post(address(patient), sent | {"given_name": "Kim"}).status_code == 404
    with pytest.raises(Http404):
        services.patient_correct(user=world.sam, patient=patient, given_name="Kim")
    assert not Patient.objects.filter(given_name="Kim").exists()


def test_a_number_that_another_patient_has_is_refused_beside_its_field_whatever_its_case(world: World) -> None:
    PatientFactory(clinic=world.clinic, reference="W-1", care_team=[world.bob])
    response = correct(world.alice, world.alices_patient, reference="w-1")
    said = response.content.decode().split('name="reference"')[1].split("</div>")[0]
    assert "Another patient of this clinic has this number." in said
    assert world.alices_patient.full_name in refused(response)
    with pytest.raises(ValidationError):
        services.patient_correct(user=world.alice, patient=world.alices_patient, reference="w-1")


def test_the_own_number_may_change_its_case_and_another_clinics_be_the_same(world: World) -> None:
    patient = world.alices_patient
    PatientFactory(clinic=world.mallory.clinic, reference="W-1")
    assert correct(world.alice, patient, reference="W-1").status_code == 302
    assert correct(world.alice, Patient.objects.get(id=patient.id), reference="w-1").status_code == 302
    assert names(patient)[0] == "w-1"


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("reference", "Please give the clinic’s number for this patient."),
        ("given_name", "Please give the patient’s given name."),
        ("family_name", "Please give the patient’s family name."),
    ],
)
def test_what_is_missing_is_asked_for(world: World, field: str, sentence: str) -> None:
    before = names(world.alices_patient)
    assert sentence in refused(correct(world.alice, world.alices_patient, **{field: " "}))
    assert names(world.alices_patient) == before


def test_a_page_that_was_open_for_long_does_not_bring_back_what_was_corrected_meanwhile(world: World) -> None:
    sent = opened(world.alices_patient)
    services.patient_correct(user=world.sam, patient=world.alices_patient, reference="W-7")
    assert signed_in(world.alice).post(address(world.alices_patient), sent | {"given_name": "Kim"}).status_code == 302
    assert names(world.alices_patient)[:2] == ("W-7", "Kim")


def test_two_who_correct_the_same_field_are_told_so_before_the_second_is_kept(world: World) -> None:
    sent = opened(world.alices_patient) | {"given_name": "Kim"}
    services.patient_correct(user=world.sam, patient=world.alices_patient, given_name="Kyle")
    response = signed_in(world.alice).post(address(world.alices_patient), sent)
    page = response.content.decode()
    assert "Somebody else has changed this to “Kyle” meanwhile." in refused(response)
    assert names(world.alices_patient)[1] == "Kyle"
    assert 'name="initial-given_name" value="Kyle"' in page
    assert 'name="given_name" value="Kim"' in page
    again = signed_in(world.alice).post(address(world.alices_patient), sent | {"initial-given_name": "Kyle"})
    assert (again.status_code, names(world.alices_patient)[1]) == (302, "Kim")


def test_markup_in_a_name_is_shown_as_it_was_typed(world: World) -> None:
    hostile = "<script>alert(1)</script>"
    correct(world.alice, world.alices_patient, given_name=hostile)
    for page in (f"/patients/{world.alices_patient.id}/", address(world.alices_patient), "/"):
        said = signed_in(world.alice).get(page).content.decode()
        assert hostile not in said
        assert "&lt;script&gt;alert(1)" in said


def test_the_access_log_and_the_changes_say_who_corrected_what(world: World) -> None:
    old = world.alices_patient.family_name
    correct(world.sam, world.alices_patient, family_name="Linden")
    row = AccessLogEntry.objects.get()
    assert (row.action, row.object_kind, row.object_id) == ("update", "patient", world.alices_patient.id)
    assert (row.patient_id, row.actor_id, row.allowed) == (world.alices_patient.id, world.sam.id, True)
    changes = text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/changes/"))
    assert f"Patient changed Family name {old} → is now Linden" in changes
    assert f"Sam {row.request_id}" in changes


def test_the_caseload_stands_in_the_order_of_the_new_name(world: World) -> None:
    def order() -> bool:
        page = text(signed_in(world.sam).get("/"))
        return page.index(world.alices_patient.full_name) < page.index(world.bobs_patient.full_name)

    assert order()
    correct(world.sam, world.alices_patient, family_name="Zander")
    world.alices_patient.refresh_from_db()
    assert not order()


def test_who_has_not_signed_in_is_sent_to_the_sign_in_page(world: World) -> None:
    there = address(world.alices_patient)
    assert Client().get(there).headers["Location"] == f"/sign-in/?next={there}"
