"""Who may see which patient."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from sessions_app.models import Note, Patient, QuestionnaireResponse, Recording, Session
from tests.world import QuestionnaireFactory, SessionFactory, World


def test_a_counselor_sees_only_patients_of_their_own_care_team(world: World) -> None:
    assert list(Patient.objects.visible_to(world.alice)) == [world.alices_patient]


def test_staff_see_all_patients_of_their_clinic_and_no_other(world: World) -> None:
    assert set(Patient.objects.visible_to(world.sam)) == {world.alices_patient, world.bobs_patient}


def test_the_administrator_sees_no_patient(world: World) -> None:
    assert not Patient.objects.visible_to(world.ada).exists()


def test_somebody_who_has_not_signed_in_sees_no_patient(world: World) -> None:
    assert not Patient.objects.visible_to(AnonymousUser()).exists()


def test_an_account_that_was_switched_off_sees_no_patient(world: World) -> None:
    world.alice.is_active = False
    assert not Patient.objects.visible_to(world.alice).exists()


def test_sessions_follow_their_patient(world: World) -> None:
    own = SessionFactory(patient=world.alices_patient)
    SessionFactory(patient=world.bobs_patient)
    assert list(Session.objects.visible_to(world.alice)) == [own]


def test_staff_see_no_questionnaire(world: World) -> None:
    QuestionnaireFactory(patient=world.alices_patient)
    assert not QuestionnaireResponse.objects.visible_to(world.sam).exists()
    assert QuestionnaireResponse.objects.visible_to(world.alice).count() == 1


@pytest.mark.parametrize("rows", [Patient, Session, Recording, QuestionnaireResponse, Note])
def test_what_is_about_one_patient_makes_no_list_of_all_others(world: World, rows: Any) -> None:
    """PostgreSQL makes such a list whole before the first row, from all patients of the clinic."""
    assert "IN (SELECT" not in str(rows.objects.visible_to(world.alice).query)
