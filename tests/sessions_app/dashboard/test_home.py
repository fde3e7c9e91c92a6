"""The first page: who is listed, what is shown of them, and what it costs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import AccessLogEntry, AffectPolicy
from sessions_app.models import Consent
from tests.pages import signed_in, text
from tests.world import (
    ConsentFactory,
    PatientFactory,
    QuestionnaireFactory,
    RecordingFactory,
    SessionFactory,
    World,
    analysed,
)


def test_a_counselor_is_shown_their_own_patients_only(world: World) -> None:
    page = text(signed_in(world.alice).get("/"))
    assert "Alder" in page
    assert "Birch" not in page
    assert "Maple" not in page


def test_a_counselor_reads_number_interval_and_state_of_the_latest_session(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient), depression=0.7)
    page = text(signed_in(world.alice).get("/"))
    assert "0.70 elevated 0.60–0.80" in page
    assert "0.40 indeterminate 0.30–0.50" in page
    assert "0.35 low 0.30–0.40" in page


def test_the_latest_session_is_the_one_held_last_not_the_one_uploaded_last(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 5, 1, 9, tzinfo=UTC)), depression=0.21)
    analysed(SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 4, 1, 9, tzinfo=UTC)), depression=0.84)
    page = text(signed_in(world.alice).get("/"))
    assert "0.21" in page
    assert "0.84" not in page
    assert "2 last 1 May 2026" in page


def test_the_latest_phq9_stands_beside_the_scores(world: World) -> None:
    QuestionnaireFactory(patient=world.alices_patient, items=[2] * 9)
    assert "18 of 27" in text(signed_in(world.alice).get("/"))


def test_staff_see_names_and_uploads_but_no_score_and_no_questionnaire(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient), depression=0.7)
    QuestionnaireFactory(patient=world.alices_patient)
    page = signed_in(world.sam).get("/").content.decode()
    assert "Alder" in page
    assert "Birch" in page
    assert "Analysed" in page
    for word in ("0.70", "Depression", "Valence", "PHQ-9", "spark", "demonstration"):
        assert word not in page


def test_staff_see_that_a_recording_waits(world: World) -> None:
    RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    assert "Waiting for a worker" in text(signed_in(world.sam).get("/"))


@pytest.mark.parametrize("policy", [AffectPolicy.OFF, AffectPolicy.RESEARCH])
def test_no_score_is_listed_where_the_policy_forbids_it(world: World, policy: AffectPolicy) -> None:
    analysed(SessionFactory(patient=world.alices_patient), depression=0.7)
    world.clinic.affect_policy = policy
    world.clinic.save()
    page = signed_in(world.alice).get("/").content.decode()
    assert "0.70" not in page
    assert "<polyline" not in page
    assert "scores" in page


def test_a_patient_without_consent_is_marked_and_their_old_scores_are_hidden(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient), depression=0.7)
    Consent.objects.filter(patient=world.alices_patient).delete()
    page = text(signed_in(world.alice).get("/"))
    assert "No consent" in page
    assert "0.70" not in page


def test_a_counselor_without_patients_is_told_when_some_will_appear(world: World) -> None:
    world.alices_patient.care_team.clear()
    assert "When you join a patient’s care team, they appear here." in text(signed_in(world.alice).get("/"))


@pytest.mark.parametrize("more", [1, 30])
def test_a_long_list_costs_as_many_queries_as_a_short_one(
    world: World, more: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(more):
        patient = PatientFactory(clinic=world.clinic, care_team=[world.alice])
        ConsentFactory(patient=patient, taken_by=world.alice)
        analysed(SessionFactory(patient=patient))
        QuestionnaireFactory(patient=patient)
    client = signed_in(world.alice)
    # Log-in session, user, clinic; patients, recordings, session counts, consents, PHQ-9; access log; two for notices.
    with django_assert_num_queries(11):
        client.get("/")


def test_listing_patients_leaves_a_row_in_the_access_log(world: World) -> None:
    signed_in(world.alice).get("/")
    row = AccessLogEntry.objects.get()
    assert (row.actor_id, row.action, row.object_kind, row.allowed) == (world.alice.id, "list", "patient", True)


def test_who_has_not_signed_in_is_sent_to_the_sign_in_page(world: World) -> None:
    response = signed_in(world.alice)
    response.logout()
    assert response.get("/").headers["Location"] == "/sign-in/?next=/"


def test_the_list_asks_for_news_only_while_an_analysis_is_to_come(world: World) -> None:
    client = signed_in(world.alice)
    assert "caseload-news" not in client.get("/").content.decode()
    RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    page = client.get("/")
    assert 'id="caseload-news"' in page.content.decode()
    assert "last 2 Mar 2026 Waiting for a worker" in text(page)
