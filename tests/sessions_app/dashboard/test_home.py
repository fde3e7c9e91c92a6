"""The first page: who is listed, what is shown of them, and what it costs."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import AccessLogEntry, AffectPolicy
from inference.models import Analysis, AnalysisJob, JobState
from sessions_app.models import Consent, Recording, Review, Verdict
from tests.pages import HTMX, signed_in, text
from tests.scores import marked, traces
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


def test_the_latest_session_is_the_one_held_last_not_the_one_uploaded_last(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 5, 1, 9, tzinfo=UTC)), depression=0.21)
    analysed(SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 4, 1, 9, tzinfo=UTC)), depression=0.84)
    page = text(signed_in(world.alice).get("/"))
    assert "0.21" in page
    assert "0.84" not in page
    assert "2 last 1 May 2026" in page


def test_a_score_that_was_set_aside_is_not_the_one_that_is_listed(world: World) -> None:
    listed = analysed(SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 4, 1, 9, tzinfo=UTC)))
    newest = SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 5, 1, 9, tzinfo=UTC))
    _set_aside(world, analysed(newest, depression=0.23))
    page = text(signed_in(world.alice).get("/"))
    assert "0.70 elevated 0.60–0.80 of 1 Apr 2026" in page
    assert "0.23" not in page
    _set_aside(world, listed)
    page = signed_in(world.alice).get("/")
    assert "0.70" not in text(page)
    assert 'class="spark"' not in page.content.decode()


@pytest.mark.parametrize("how", ["good", "poor", "set aside"])
def test_the_small_line_joins_no_recording_that_is_poor_or_was_set_aside(world: World, how: str) -> None:
    days = [datetime(2026, 4, day, 9, tzinfo=UTC) for day in (1, 8, 15, 22, 29)]
    recordings = [analysed(SessionFactory(patient=world.alices_patient, held_at=day)) for day in days]
    if how == "poor":
        check = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}
        Analysis.objects.filter(id=recordings[2].analysis_id).update(quality=[check])
    elif how == "set aside":
        _set_aside(world, recordings[2])
    page = signed_in(world.alice).get("/").content.decode()
    found = set(re.findall(r'<polyline class="spark-line" points="([^"]*)"', page))
    assert sorted(len(line.split()) for line in found) == ([5] if how == "good" else [2, 2])


def test_a_score_of_a_poor_recording_says_so_in_the_list(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), depression=0.5)
    check = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}
    poor = {"quality": [check], "depression_state": "indeterminate"}
    assert "much noise" not in text(signed_in(world.alice).get("/"))
    Analysis.objects.filter(id=recording.analysis_id).update(**poor)
    assert "0.50 indeterminate 0.40–0.60 much noise" in text(signed_in(world.alice).get("/"))


def _set_aside(world: World, recording: Recording) -> None:
    now = datetime(2026, 5, 2, 9, tzinfo=UTC)
    said = {"verdict": Verdict.SET_ASIDE, "reviewed_by": world.alice, "reviewed_at": now}
    Review.objects.create(patient=recording.session.patient, analysis=recording.analysis, **said)


def test_the_latest_phq9_stands_beside_the_scores(world: World) -> None:
    QuestionnaireFactory(patient=world.alices_patient, items=[2] * 9)
    assert "18 of 27" in text(signed_in(world.alice).get("/"))


def test_an_answer_about_self_harm_is_marked_until_a_newer_one_says_not_at_all(world: World) -> None:
    home = signed_in(world.alice)
    QuestionnaireFactory(patient=world.alices_patient, items=[*[0] * 8, 2])
    QuestionnaireFactory(
        patient=world.alices_patient, items=[*[0] * 8, None], answered_at=datetime(2026, 3, 9, 9, tzinfo=UTC)
    )
    assert "item 9: more than half the days" in text(home.get("/"))
    QuestionnaireFactory(patient=world.alices_patient, items=[0] * 9, answered_at=datetime(2026, 3, 16, 9, tzinfo=UTC))
    assert "item 9" not in text(home.get("/"))


def test_staff_see_names_and_uploads_but_no_score_and_no_questionnaire(world: World) -> None:
    marked(SessionFactory(patient=world.alices_patient))
    QuestionnaireFactory(patient=world.alices_patient)
    page = signed_in(world.sam).get("/").content.decode()
    assert "Alder" in page
    assert "Birch" in page
    assert "Analysed" in page
    assert traces(page) == []
    for word in ("Depression", "Valence", "PHQ-9", "spark", "demonstration"):
        assert word not in page


def test_staff_see_that_a_recording_waits(world: World) -> None:
    RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    assert "Waiting its turn" in text(signed_in(world.sam).get("/"))


@pytest.mark.parametrize("policy", [AffectPolicy.OFF, AffectPolicy.RESEARCH])
def test_no_score_is_listed_where_the_policy_forbids_it(world: World, policy: AffectPolicy) -> None:
    marked(SessionFactory(patient=world.alices_patient))
    assert traces(signed_in(world.alice).get("/").content.decode())
    world.clinic.affect_policy = policy
    world.clinic.save()
    page = signed_in(world.alice).get("/").content.decode()
    assert traces(page) == []
    assert "<polyline" not in page
    assert "scores" in page


def test_a_patient_without_consent_is_marked_and_their_old_scores_are_hidden(world: World) -> None:
    marked(SessionFactory(patient=world.alices_patient))
    Consent.objects.filter(patient=world.alices_patient).delete()
    page = signed_in(world.alice).get("/")
    assert "No consent" in text(page)
    assert traces(page.content.decode()) == []


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
    # Log-in session, user, clinic; view, emergencies, patients, sessions, recordings, consents, PHQ-9, flags; access
    # log; emergencies; two for notices.
    with django_assert_num_queries(15):
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
    assert "last 2 Mar 2026 Waiting its turn" in text(page)


def seen(client: Client) -> str:
    match = re.search(r'name="seen" value="([^"]+)"', client.get("/").content.decode())
    assert match
    return match[1]


def test_no_news_is_an_empty_answer_that_is_not_logged(world: World) -> None:
    RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    client = signed_in(world.alice)
    before = seen(client)
    entries = AccessLogEntry.objects.count()
    response = client.post("/", {"text": "", "seen": before}, headers=HTMX)
    assert (response.status_code, response.content) == (204, b"")
    assert AccessLogEntry.objects.count() == entries


def test_progress_that_the_list_does_not_show_is_no_news(world: World) -> None:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    client = signed_in(world.alice)
    before = seen(client)
    AnalysisJob.objects.filter(id=recording.job_id).update(progress=0.3)
    assert client.post("/", {"seen": before}, headers=HTMX).status_code == 204


def test_the_first_scores_come_with_what_their_checkpoint_is_fit_for(world: World) -> None:
    waiting = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    client = signed_in(world.alice)
    before = seen(client)
    AnalysisJob.objects.filter(id=waiting.job_id).update(state=JobState.CANCELLED)
    analysed(waiting.session, depression=0.7)
    entries = AccessLogEntry.objects.count()
    page = text(client.post("/", {"seen": before}, headers=HTMX))
    assert "0.70 elevated" in page
    assert "undertone-demo :" in page
    assert "never a diagnosis" in page
    assert AccessLogEntry.objects.count() == entries + 1


def test_switching_scores_off_is_news(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    RecordingFactory(session=SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 5, 1, tzinfo=UTC)))
    client = signed_in(world.alice)
    before = seen(client)
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()
    assert client.post("/", {"seen": before}, headers=HTMX).status_code == 200


def test_a_score_that_is_not_of_the_last_session_carries_its_date(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient, held_at=datetime(2025, 6, 1, 9, tzinfo=UTC)), depression=0.7)
    RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    page = text(signed_in(world.alice).get("/"))
    assert "last 2 Mar 2026" in page
    assert "0.70 elevated 0.60–0.80 of 1 Jun 2025" in page


def test_a_score_of_the_last_session_carries_no_date_of_its_own(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    assert "of 2 Mar 2026" not in text(signed_in(world.alice).get("/"))


@pytest.mark.parametrize("between", [False, True])
def test_the_small_line_does_not_run_over_a_session_without_a_recording(world: World, between: bool) -> None:
    for month in (1, 3):
        analysed(SessionFactory(patient=world.alices_patient, held_at=datetime(2026, month, 1, 9, tzinfo=UTC)))
    if between:
        SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 2, 1, 9, tzinfo=UTC))
    assert ("<polyline" in signed_in(world.alice).get("/").content.decode()) is not between


def test_the_small_line_does_not_join_two_checkpoints_of_one_name_and_version(world: World) -> None:
    for month, weights in ((1, "ab" * 32), (2, "cd" * 32)):
        session = SessionFactory(patient=world.alices_patient, held_at=datetime(2026, month, 1, 9, tzinfo=UTC))
        analysed(session, weights=weights)
    assert "<polyline" not in signed_in(world.alice).get("/").content.decode()
