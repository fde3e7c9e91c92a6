"""Patients over the API."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import AccessLogEntry, User
from sessions_app.models import Patient
from tests.sessions_app.api.client import API, as_, last_log, problem
from tests.world import PatientFactory, World

NEW = {"reference": "W-1", "given_name": "Kim", "family_name": "Linden"}


def names(response: object) -> list[str]:
    return [patient["family_name"] for patient in response.json()["results"]]


def test_a_counselor_lists_the_own_care_team_only(world: World) -> None:
    assert names(as_(world.alice).get(f"{API}/patients")) == ["Alder"]


def test_an_integration_client_lists_its_clinic_and_no_other(world: World) -> None:
    assert set(names(as_(world.robot).get(f"{API}/patients"))) == {"Alder", "Birch"}


def test_a_list_leaves_one_row_in_the_access_log(world: World) -> None:
    as_(world.sam).get(f"{API}/patients")
    assert AccessLogEntry.objects.count() == 1
    assert last_log() == ("list", "patient", True)


def searched(client: APIClient, words: str) -> Any:
    return client.post(f"{API}/patients/search", {"search": words}, format="json")


def test_a_search_finds_every_word_in_name_or_reference(world: World) -> None:
    PatientFactory(clinic=world.clinic, given_name="Kim", family_name="Linden", reference="W-77")
    client = as_(world.sam)
    assert names(searched(client, "kim w-77")) == ["Linden"]
    assert names(searched(client, "kim alder")) == []


def test_a_search_never_leaves_the_care_team(world: World) -> None:
    assert names(searched(as_(world.alice), "Birch")) == []


def test_a_search_goes_on_with_the_same_words_at_the_next_address_which_holds_none_of_them(world: World) -> None:
    for number in range(3):
        PatientFactory(clinic=world.clinic, given_name="Kim", family_name=f"Linden{number}")
    client = as_(world.sam)
    first = client.post(f"{API}/patients/search?page_size=2", {"search": "kim"}, format="json")
    address = first.json()["next"]
    assert "kim" not in address.lower()
    second = client.post(address, {"search": "kim"}, format="json")
    assert {*names(first), *names(second)} == {"Linden0", "Linden1", "Linden2"}
    assert second.json()["next"] is None


def test_a_name_in_an_address_finds_nothing_and_is_told_where_it_belongs(world: World) -> None:
    answer = as_(world.alice).get(f"{API}/patients", {"search": "Alder"})
    assert problem(answer) == (400, "invalid")
    assert "patients/search" in str(answer.json()["errors"]["search"])
    assert "Alder" not in answer.content.decode()


def test_a_search_without_words_is_named(world: World) -> None:
    answer = as_(world.alice).post(f"{API}/patients/search", {}, format="json")
    assert problem(answer) == (400, "invalid")
    assert "search" in answer.json()["errors"]


def test_a_search_leaves_one_row_and_the_administrator_may_not(world: World) -> None:
    searched(as_(world.alice), "Alder")
    row = AccessLogEntry.objects.get()
    assert (row.action, row.object_kind, row.allowed) == ("list", "patient", True)
    assert problem(searched(as_(world.ada), "Alder")) == (403, "permission_denied")


@pytest.mark.parametrize("words", ["\x00", "a\x00b", "%", "'; DROP TABLE", "\u202e"])
def test_a_hostile_search_finds_nothing_and_breaks_nothing(world: World, words: str) -> None:
    response = searched(as_(world.alice), words)
    assert response.status_code in (200, 400)
    assert response.status_code == 200 or problem(response) == (400, "invalid")


def test_one_patient_is_read_and_the_read_is_logged(world: World) -> None:
    response = as_(world.alice).get(f"{API}/patients/{world.alices_patient.id}")
    assert response.json()["family_name"] == "Alder"
    row = AccessLogEntry.objects.get()
    assert (row.action, row.object_id, row.patient_id) == ("read", world.alices_patient.id, world.alices_patient.id)


@pytest.mark.parametrize("whose", ["bobs_patient", "mallorys_patient"])
def test_somebody_elses_patient_is_a_404_that_is_logged_as_refused(world: World, whose: str) -> None:
    patient = getattr(world, whose)
    assert problem(as_(world.alice).get(f"{API}/patients/{patient.id}")) == (404, "not_found")
    assert last_log() == ("read", "patient", False)


def test_the_administrator_is_refused_and_the_refusal_is_logged(world: World) -> None:
    assert problem(as_(world.ada).get(f"{API}/patients")) == (403, "permission_denied")
    assert last_log() == ("list_patients", "patient", False)


def test_staff_add_a_patient_to_their_own_clinic(world: World) -> None:
    response = as_(world.sam).post(f"{API}/patients", NEW, format="json")
    assert response.status_code == 201
    assert response["Location"] == response.json()["url"]
    assert Patient.objects.get(reference="W-1").clinic == world.clinic
    assert last_log() == ("create", "patient", True)


def test_a_counselor_who_adds_a_patient_joins_the_care_team(world: World) -> None:
    assert as_(world.alice).post(f"{API}/patients", NEW, format="json").status_code == 201
    assert list(Patient.objects.get(reference="W-1").care_team.all()) == [world.alice]


def test_an_integration_client_may_not_add_a_patient(world: World) -> None:
    assert problem(as_(world.robot).post(f"{API}/patients", NEW, format="json")) == (403, "permission_denied")
    assert last_log() == ("add_patient", "patient", False)


def test_counselors_see_the_patient_whose_care_team_staff_put_them_in(world: World) -> None:
    as_(world.sam).post(f"{API}/patients", {**NEW, "care_team": [str(world.bob.id)]}, format="json")
    assert set(names(as_(world.bob).get(f"{API}/patients"))) == {"Birch", "Linden"}
    assert names(as_(world.alice).get(f"{API}/patients")) == ["Alder"]


@pytest.mark.parametrize("who", ["mallory", "sam", "ada", "robot"])
def test_a_care_team_holds_counselors_of_the_own_clinic_only(world: World, who: str) -> None:
    chosen = [str(world.alice.id), str(getattr(world, who).id)]
    response = as_(world.sam).post(f"{API}/patients", {**NEW, "care_team": chosen}, format="json")
    assert problem(response) == (400, "invalid")
    assert response.json()["errors"]["care_team"][0]["code"] == "not_a_counselor"
    assert not Patient.objects.filter(reference="W-1").exists()


def test_id_and_clinic_cannot_be_chosen_by_the_client(world: World) -> None:
    chosen = {"id": str(world.bobs_patient.id), "clinic": str(world.mallory.clinic_id)}
    response = as_(world.sam).post(f"{API}/patients", {**NEW, **chosen}, format="json")
    patient = Patient.objects.get(reference="W-1")
    assert response.json()["id"] == str(patient.id) != chosen["id"]
    assert patient.clinic == world.clinic


def test_a_reference_that_a_counselor_cannot_see_is_taken_nevertheless(world: World) -> None:
    PatientFactory(clinic=world.clinic, reference="w-1", care_team=[world.bob])
    response = as_(world.alice).post(f"{API}/patients", NEW, format="json")
    assert response.json()["errors"]["reference"][0]["code"] == "unique"


def test_a_reference_is_used_once_per_clinic_whatever_its_letter_case(world: World) -> None:
    client = as_(world.sam)
    client.post(f"{API}/patients", NEW, format="json")
    response = client.post(f"{API}/patients", {**NEW, "reference": "w-1"}, format="json")
    assert problem(response) == (400, "invalid")
    assert response.json()["errors"]["reference"][0]["code"] == "unique"


def test_another_clinic_may_use_the_same_reference(world: World) -> None:
    PatientFactory(clinic=world.mallory.clinic, reference="W-1")
    assert as_(world.sam).post(f"{API}/patients", NEW, format="json").status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"given_name": None},
        {"given_name": ["a"]},
        {"given_name": {"a": 1}},
        {"family_name": "x" * 121},
        {"family_name": "a\x00b"},
        {"reference": ""},
        {"care_team": None},
        {"care_team": "alice"},
        {"care_team": ["alice"]},
        {"care_team": [{"id": 1}]},
        {"care_team": ["0c6a6a6e-8d0f-4a55-9d38-6f3a2b1f7c52"] * 51},
    ],
)
def test_a_wrong_value_is_named_by_its_field(world: World, wrong: dict[str, object]) -> None:
    response = as_(world.sam).post(f"{API}/patients", {**NEW, **wrong}, format="json")
    assert problem(response) == (400, "invalid")
    assert list(response.json()["errors"]) == list(wrong)


def test_half_a_character_is_named_by_its_field(world: World) -> None:
    body = rb'{"reference": "x", "given_name": "\ud800", "family_name": "b"}'
    response = as_(world.sam).post(f"{API}/patients", body, content_type="application/json")
    assert list(response.json()["errors"]) == ["given_name"]


def test_markup_in_a_name_comes_back_as_data_and_not_as_a_page(world: World) -> None:
    name = "<script>alert(1)</script>"
    response = as_(world.sam).post(f"{API}/patients", {**NEW, "given_name": name}, format="json")
    assert response["Content-Type"] == "application/json"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response.json()["given_name"] == name


def corrected(user: User, patient: Patient, **sent: object) -> Any:
    return as_(user).patch(f"{API}/patients/{patient.id}", sent, format="json")


@pytest.mark.parametrize("who", ["alice", "sam"])
def test_a_name_is_put_right_and_what_is_left_out_stays(world: World, who: str) -> None:
    number = world.alices_patient.reference
    response = corrected(getattr(world, who), world.alices_patient, family_name="Linden", care_team=[], id=str(number))
    assert response.status_code == 200
    assert (response.json()["family_name"], response.json()["reference"]) == ("Linden", number)
    assert Patient.objects.get(id=world.alices_patient.id).family_name == "Linden"
    assert list(world.alices_patient.care_team.all()) == [world.alice]
    assert AccessLogEntry.objects.count() == 1
    assert last_log() == ("update", "patient", True)


@pytest.mark.parametrize("who", ["ada", "robot"])
def test_who_may_not_add_a_patient_may_not_correct_one(world: World, who: str) -> None:
    response = corrected(getattr(world, who), world.alices_patient, family_name="Linden")
    assert problem(response) == (403, "permission_denied")
    assert last_log() == ("correct_patient", "patient", False)


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_a_patient_of_somebody_else_is_a_404_to_who_would_correct_them(world: World, who: str) -> None:
    response = corrected(getattr(world, who), world.alices_patient, family_name="Linden")
    assert problem(response) == (404, "not_found")
    assert not Patient.objects.filter(family_name="Linden").exists()


def test_a_number_that_is_taken_is_named_by_its_field_in_a_correction(world: World) -> None:
    response = corrected(world.sam, world.alices_patient, reference=world.bobs_patient.reference.lower())
    assert problem(response) == (400, "invalid")
    assert response.json()["errors"]["reference"][0]["code"] == "unique"


@pytest.mark.parametrize("wrong", [{"given_name": " "}, {"reference": "x" * 33}, {"family_name": None}])
def test_a_correction_to_nothing_is_named_by_its_field(world: World, wrong: dict[str, object]) -> None:
    response = corrected(world.sam, world.alices_patient, **wrong)
    assert problem(response) == (400, "invalid")
    assert list(response.json()["errors"]) == list(wrong)
