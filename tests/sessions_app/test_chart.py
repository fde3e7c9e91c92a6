"""What the browser is sent to draw: the same facts as on the page, and not more than it takes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inference.models import Analysis, AnalysisJob, JobState
from sessions_app.chart import as_read, chart_data
from sessions_app.models import Instrument, QuestionnaireResponse, Recording, Session
from sessions_app.trends import trend_of
from tests.pages import signed_in
from tests.world import QuestionnaireFactory, RecordingFactory, SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

BEGAN = datetime(2020, 1, 6, 9, tzinfo=UTC)
POOR = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}
MOST_BYTES = 60_000


def chart_of(world: World) -> dict[str, Any]:
    return chart_data(trend_of(world.alices_patient, world.alice))


@pytest.mark.parametrize(("score", "read"), [(0.7231, 0.72), (0.003, 0.005), (0.9971, 0.995), (0.0, 0.0), (1.0, 1.0)])
def test_a_score_is_sent_as_it_is_read_and_nearly_certain_is_not_certain(score: float, read: float) -> None:
    assert as_read(score) == read


def test_a_poor_recording_is_marked_with_the_reason(world: World) -> None:
    for week in range(3):
        analysed(SessionFactory(patient=world.alices_patient, held_at=BEGAN + timedelta(weeks=week)))
    middle = Recording.objects.order_by("session__held_at")[1]
    Analysis.objects.filter(subject=middle.id).update(quality=[POOR])
    chart = chart_of(world)
    assert chart["poor"] == {1: 0}
    assert chart["poor_words"] == ["much noise"]


def test_both_questionnaires_are_sent_with_their_own_bands(world: World) -> None:
    QuestionnaireFactory(patient=world.alices_patient, items=[2] * 9)
    QuestionnaireFactory(patient=world.alices_patient, instrument=Instrument.GAD7, items=[1] * 7)
    sent = {one["name"]: one for one in chart_of(world)["questionnaires"]}
    assert (sent["PHQ-9"]["total"], sent["GAD-7"]["total"]) == ([18], [7])
    assert (sent["PHQ-9"]["most"], sent["GAD-7"]["most"]) == (27, 21)
    assert sent["GAD-7"]["bands"][-1] == [15, 21, "severe"]


def test_a_questionnaire_without_a_total_is_not_drawn(world: World) -> None:
    QuestionnaireFactory(patient=world.alices_patient, items=[1, None, None, None, 1, 1, 1, 1, 1])
    (sent,) = chart_of(world)["questionnaires"]
    assert sent["total"] == []


def long_course(world: World, sessions: int) -> None:
    """A session a week with its analysis, and both questionnaires at each, written at once."""
    template = analysed(SessionFactory(patient=world.alices_patient, held_at=BEGAN))
    assert template.analysis
    days = [BEGAN + timedelta(weeks=week, minutes=week) for week in range(1, sessions)]
    made = Session.objects.bulk_create(
        Session(patient=world.alices_patient, held_at=day, created_by=world.alice) for day in days
    )
    for number, session in enumerate(made):
        recording = RecordingFactory.build(session=session, uploaded_by=world.alice, job=None)
        done = {"state": JobState.SUCCEEDED, "progress": 1.0}
        job = AnalysisJob.objects.create(tenant=world.clinic.id, file="a", checkpoint="a", subject=recording.id, **done)
        analysis = Analysis.objects.get(id=template.analysis_id)
        analysis.pk, analysis.job, analysis.subject = None, job, recording.id
        analysis = _varied(analysis, number)
        analysis.save(force_insert=True)
        recording.job, recording.analysis = job, analysis
        Recording.objects.bulk_create([recording])
    for instrument, items in ((Instrument.PHQ9, 9), (Instrument.GAD7, 7)):
        QuestionnaireResponse.objects.bulk_create(
            QuestionnaireResponse(
                patient=world.alices_patient,
                instrument=instrument,
                answered_at=day,
                items=[place % 4] * items,
            )
            for place, day in enumerate(days)
        )


def _varied(analysis: Analysis, number: int) -> Analysis:
    score = 0.1 + (number * 0.0137) % 0.8
    analysis.depression, analysis.depression_low, analysis.depression_high = score, score - 0.0931, score + 0.0917
    analysis.valence, analysis.valence_low, analysis.valence_high = 1 - score, 0.9 - score, 1.06 - score
    analysis.arousal, analysis.arousal_low, analysis.arousal_high = score, score - 0.0777, score + 0.0888
    return analysis


def test_a_patient_of_ten_years_is_sent_in_sixty_kilobytes(world: World) -> None:
    long_course(world, 500)
    page = signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/").content.decode()
    match = re.search(r'<script id="course-data" type="application/json">(.*?)</script>', page)
    assert match
    assert len(json.loads(match[1])["time"]) == 500
    size = len(match[1].encode())
    print(f"{size:,} bytes")
    assert size <= MOST_BYTES
