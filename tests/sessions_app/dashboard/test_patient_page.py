"""The page of one patient: for whom it opens, and what each role reads on it."""

from __future__ import annotations

import base64
import json
import re
import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import AccessLogEntry, AffectPolicy
from sessions_app.models import Consent
from tests.pages import signed_in, text
from tests.scores import marked, traces
from tests.world import QuestionnaireFactory, RecordingFactory, SessionFactory, World, analysed


def page_of(patient: Any) -> str:
    return f"/patients/{patient.id}/"


def chart(response: HttpResponse) -> dict[str, Any]:
    match = re.search(r'<script id="course-data" type="application/json">(.*?)</script>', response.content.decode())
    assert match
    data: dict[str, Any] = json.loads(match[1])
    return data


def test_a_counselor_reads_the_score_in_the_table_with_its_checkpoint(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient), depression=0.7)
    page = text(signed_in(world.alice).get(page_of(world.alices_patient)))
    assert "0.70 elevated 0.60–0.80" in page
    assert "undertone-demo 0.1" in page


def test_the_chart_holds_the_same_facts_as_the_table(world: World) -> None:
    session = SessionFactory(patient=world.alices_patient)
    analysed(session, depression=0.7)
    data = chart(signed_in(world.alice).get(page_of(world.alices_patient)))
    assert data["time"] == [int(session.held_at.timestamp())]
    assert data["series"]["depression"] == {
        "value": [0.7],
        "low": [pytest.approx(0.6)],
        "high": [pytest.approx(0.8)],
        "state": [0],
    }
    assert data["states"][0] == "elevated"
    assert data["origins"] == ["undertone-demo 0.1"]


def test_a_session_without_an_analysis_is_a_gap_in_the_chart(world: World) -> None:
    for month in (1, 2, 3):
        session = SessionFactory(patient=world.alices_patient, held_at=datetime(2026, month, 1, 9, tzinfo=UTC))
        if month == 2:
            RecordingFactory(session=session)
        else:
            analysed(session, depression=0.7)
    data = chart(signed_in(world.alice).get(page_of(world.alices_patient)))
    assert data["series"]["depression"]["value"] == [0.7, None, 0.7]


def test_the_chart_carries_phq9_totals(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    QuestionnaireFactory(patient=world.alices_patient, items=[2] * 9)
    data = chart(signed_in(world.alice).get(page_of(world.alices_patient)))
    (told,) = data["questionnaires"]
    assert (told["name"], told["total"]) == ("PHQ-9", [18])
    assert [15, 19, "moderately severe"] in told["bands"]


@pytest.mark.parametrize("why", ["policy", "consent", "nothing analysed"])
def test_questionnaires_are_shown_also_where_no_voice_score_is(world: World, why: str) -> None:
    QuestionnaireFactory(patient=world.alices_patient, items=[2] * 9)
    if why != "nothing analysed":
        analysed(SessionFactory(patient=world.alices_patient))
    if why == "policy":
        world.clinic.affect_policy = AffectPolicy.OFF
        world.clinic.save()
    if why == "consent":
        Consent.objects.update(withdrawn_at=timezone.now())
    assert "18 of 27, moderately severe 2 Mar 2026" in text(signed_in(world.alice).get(page_of(world.alices_patient)))


def test_after_a_withdrawal_nobody_is_told_to_record_a_consent_for_the_scores(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    Consent.objects.update(withdrawn_at=timezone.now())
    page = text(signed_in(world.alice).get(page_of(world.alices_patient)))
    assert "Not shown: no consent to voice analysis covers the days of these sessions." in page
    assert "not available Not shown: no consent to voice analysis covers the day of this session." in page


def test_two_recordings_of_one_session_are_told_apart_in_the_chart(world: World) -> None:
    session = SessionFactory(patient=world.alices_patient)
    analysed(session, depression=0.61)
    analysed(session, depression=0.62)
    data = chart(signed_in(world.alice).get(page_of(world.alices_patient)))
    assert data["part"] == {"0": "recording 1 of 2", "1": "recording 2 of 2"}
    assert data["session"] == [base64.urlsafe_b64encode(session.id.bytes).decode().rstrip("=")] * 2


def test_the_title_that_a_browser_remembers_names_nobody(world: World) -> None:
    page = signed_in(world.alice).get(page_of(world.alices_patient)).content.decode()
    title = re.search(r"<title>(.*?)</title>", page)
    assert title
    assert title[1] == f"Patient {world.alices_patient.reference} · Undertone"


def test_what_scores_and_their_words_mean_can_be_read_without_a_mouse(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    page = text(signed_in(world.alice).get(page_of(world.alices_patient)))
    assert "0 is unpleasant, 0.5 neutral, 1 pleasant." in page
    assert "The interval is not clear of the thresholds" in page


def test_staff_see_no_score_on_the_patient_page(world: World) -> None:
    marked(SessionFactory(patient=world.alices_patient))
    QuestionnaireFactory(patient=world.alices_patient, items=[2] * 9)
    page = signed_in(world.sam).get(page_of(world.alices_patient)).content.decode()
    assert "Analysed" in page
    assert traces(page) == []
    for word in ("course-data", "Depression probability", "PHQ-9", "undertone-demo"):
        assert word not in page


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (AffectPolicy.OFF, "This clinic has switched voice scores off, so none are made or shown."),
        (AffectPolicy.RESEARCH, "This clinic keeps voice scores for research only, so they are not shown."),
    ],
)
def test_the_policy_is_said_where_the_chart_would_be(world: World, policy: AffectPolicy, sentence: str) -> None:
    marked(SessionFactory(patient=world.alices_patient))
    assert len(traces(signed_in(world.alice).get(page_of(world.alices_patient)).content.decode())) == 9
    world.clinic.affect_policy = policy
    world.clinic.save()
    page = signed_in(world.alice).get(page_of(world.alices_patient)).content.decode()
    assert sentence in page
    assert traces(page) == []


def test_without_consent_the_drop_zone_gives_way_to_a_sentence(world: World) -> None:
    Consent.objects.filter(patient=world.alices_patient).delete()
    page = signed_in(world.alice).get(page_of(world.alices_patient)).content.decode()
    assert "There is no consent to voice analysis on file." in page
    assert "Voice scores are on." not in page
    assert 'type="file"' not in page


def test_withdrawn_consent_closes_the_drop_zone_and_hides_past_scores(world: World) -> None:
    marked(SessionFactory(patient=world.alices_patient))
    Consent.objects.filter(patient=world.alices_patient).update(withdrawn_at=timezone.now())
    page = signed_in(world.alice).get(page_of(world.alices_patient)).content.decode()
    assert "Consent was withdrawn on" in page
    assert traces(page) == []
    assert 'type="file"' not in page


def test_expired_consent_still_lets_an_earlier_session_be_brought_in(world: World) -> None:
    Consent.objects.filter(patient=world.alices_patient).update(expires_on=date(2026, 1, 31))
    page = signed_in(world.alice).get(page_of(world.alices_patient)).content.decode()
    assert "Consent ended on 31 Jan 2026." in page
    assert 'type="file"' in page


@pytest.mark.parametrize("whose", ["bobs_patient", "mallorys_patient"])
def test_a_patient_of_somebody_else_is_not_found_and_the_try_is_recorded(world: World, whose: str) -> None:
    patient = getattr(world, whose)
    assert signed_in(world.alice).get(page_of(patient)).status_code == 404
    row = AccessLogEntry.objects.get()
    assert (row.actor_id, row.object_id, row.allowed) == (world.alice.id, patient.id, False)


def test_an_id_of_nobody_is_not_found(world: World) -> None:
    assert signed_in(world.alice).get(f"/patients/{uuid.uuid4()}/").status_code == 404


def test_the_administrator_is_refused_and_the_refusal_is_recorded(world: World) -> None:
    response = signed_in(world.ada).get(page_of(world.alices_patient))
    assert response.status_code == 403
    assert "not open to your role" in response.content.decode()
    assert AccessLogEntry.objects.get().allowed is False


def test_reading_a_patient_leaves_a_row_in_the_access_log(world: World) -> None:
    signed_in(world.alice).get(page_of(world.alices_patient))
    row = AccessLogEntry.objects.get()
    assert (row.action, row.object_kind, row.patient_id, row.allowed) == (
        "read",
        "patient",
        world.alices_patient.id,
        True,
    )


@pytest.mark.parametrize("sessions", [1, 12])
def test_a_long_course_costs_as_many_queries_as_a_short_one(
    world: World, sessions: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(sessions):
        analysed(SessionFactory(patient=world.alices_patient))
    client = signed_in(world.alice)
    # Log-in session, user, clinic; patient; access log; the table (consents, sessions, recordings); the chart (the
    # same and questionnaires); consents for the header; care team; notes; emergency access; two for notices; events and
    # whether one is of the care team.
    with django_assert_num_queries(21):
        client.get(page_of(world.alices_patient))
