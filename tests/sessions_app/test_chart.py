"""What the browser is sent to draw: the same facts as on the page, and not more than it takes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from inference.models import Analysis, AnalysisJob, JobState
from inference.results import HEADS, HeadName
from sessions_app.chart import as_read, chart_data, id_as_sent
from sessions_app.models import Instrument, QuestionnaireResponse, Recording, Review, Session, Verdict
from sessions_app.thinning import LIMIT
from sessions_app.trends import TrendPoint, trend_of, with_gaps
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


def test_a_questionnaire_without_a_total_stays_among_those_that_have_one(world: World) -> None:
    for week, answer in enumerate((1, None, 2)):
        items = [answer] * 4 + [1] * 5
        QuestionnaireFactory(
            patient=world.alices_patient, items=items, answered_at=datetime(2026, 3, 2 + 7 * week, tzinfo=UTC)
        )
    (sent,) = chart_of(world)["questionnaires"]
    assert sent["total"] == [9, None, 13]
    assert len(sent["time"]) == 3


def long_course(world: World, sessions: int) -> None:
    """A session a week with its analysis, and both questionnaires at each, written at once."""
    template = analysed(SessionFactory(patient=world.alices_patient, held_at=BEGAN))
    assert template.analysis
    days = [BEGAN + timedelta(weeks=week, minutes=week) for week in range(1, sessions)]
    made = Session.objects.bulk_create(
        Session(patient=world.alices_patient, held_at=day, created_by=world.alice) for day in days
    )
    recordings = [RecordingFactory.build(session=one, uploaded_by=world.alice, job=None) for one in made]
    for number, recording in enumerate(recordings):
        done = {"state": JobState.SUCCEEDED, "progress": 1.0}
        recording.job = AnalysisJob(tenant=world.clinic.id, file="a", checkpoint="a", subject=recording.id, **done)
        analysis = Analysis.objects.get(id=template.analysis_id)
        analysis.pk, analysis.job, analysis.subject = None, recording.job, recording.id
        recording.analysis = _varied(analysis, number)
    AnalysisJob.objects.bulk_create(recording.job for recording in recordings)
    Analysis.objects.bulk_create(recording.analysis for recording in recordings)
    Recording.objects.bulk_create(recordings)
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


def test_a_course_of_more_points_than_are_sent_keeps_every_break_of_its_lines(world: World) -> None:
    long_course(world, 2_100)
    _break_now_and_then(world)
    points = with_gaps(trend_of(world.alices_patient, world.alice).points)
    chart = chart_of(world)
    assert len(chart["time"]) <= LIMIT < len(points)
    place = {id_as_sent(point.session): at for at, point in enumerate(points)}
    sent = [place[session] for session in chart["session"]]
    for head in HEADS:
        broken = 0
        for number, (before, after) in enumerate(pairwise(sent), start=1):
            whole = _is_one_line(points[before : after + 1], head)
            ends = _is_one_line([points[before], points[after]], head)
            assert (ends and number not in chart["interrupted"][head]) == whole
            broken += ends and not whole
        assert broken > 10


def _break_now_and_then(world: World) -> None:
    """Poor recordings, some set aside, scores that are missing alone, and another checkpoint for a while."""
    ids = list(Recording.objects.order_by("session__held_at").values_list("analysis_id", flat=True))
    stored = Analysis.objects.filter
    stored(id__in=ids[7::29]).update(quality=[POOR])
    for head, first in (("depression", 3), ("valence", 5), ("arousal", 11)):
        none = {head: None, f"{head}_low": None, f"{head}_high": None, f"{head}_state": "unavailable"}
        stored(id__in=ids[first::31]).update(**none)
    stored(id__in=[one for begin in range(100, 2_000, 120) for one in ids[begin : begin + 2]]).update(
        checkpoint_version="0.2", checkpoint_sha256="cd" * 32
    )
    set_aside = {"verdict": Verdict.SET_ASIDE, "reviewed_by": world.alice, "reviewed_at": BEGAN}
    Review.objects.bulk_create(
        Review(patient=world.alices_patient, analysis_id=one, **set_aside) for one in ids[13::37]
    )


def _is_one_line(stretch: list[TrendPoint], head: HeadName) -> bool:
    usable = all(point.score(head).value is not None and not point.poor and not point.set_aside for point in stretch)
    return usable and len({point.origin_key for point in stretch}) == 1
