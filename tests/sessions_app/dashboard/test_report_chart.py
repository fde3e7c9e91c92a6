"""The small pictures of the report: what is joined, what is hollow, what stands apart, and where the band lies."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.template.loader import render_to_string

from inference.models import Analysis
from inference.speakers import BY_LENGTH
from sessions_app.dashboard.report_chart import HEIGHT, LEFT, RIGHT, WIDTH, ReportChart, report_chart
from sessions_app.dashboard.report_pdf import context_of
from sessions_app.dashboard.wording import HEAD_WORDS, HeadWords
from sessions_app.models import Recording, Review, Verdict
from sessions_app.own_baseline import of_head, own_baselines
from sessions_app.report import report_make
from sessions_app.trends import trend_of
from tests.world import SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)
POOR = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}
DEPRESSION, VALENCE = HEAD_WORDS[0], HEAD_WORDS[1]


def course(world: World, *scores: float | None, **made: str) -> list[Recording]:
    """A session a week, each with one score, after those that are there."""
    already = world.alices_patient.sessions.count()
    weeks = (
        SessionFactory(patient=world.alices_patient, held_at=BEGAN + timedelta(weeks=already + week))
        for week in range(len(scores))
    )
    return [analysed(session, depression=score, **made) for session, score in zip(weeks, scores, strict=True)]


def chart_of(world: World, head: HeadWords = DEPRESSION) -> ReportChart:
    points = trend_of(world.alices_patient, world.alice).points
    return report_chart(points, head, own_baselines(points, of_head(head.head)))


def report_of(world: World) -> str:
    return render_to_string(
        "dashboard/report.html", context_of(report_make(user=world.alice, patient=world.alices_patient))
    )


def joined(chart: ReportChart) -> list[int]:
    """How many points each line joins; a point alone has none."""
    return [len(line.split()) for line in chart.lines if " " in line]


def set_aside(world: World, recording: Recording) -> None:
    Review.objects.create(
        patient=world.alices_patient,
        analysis=recording.analysis,
        verdict=Verdict.SET_ASIDE,
        reviewed_by=world.alice,
        reviewed_at=BEGAN,
    )


def poor(recording: Recording) -> None:
    Analysis.objects.filter(id=recording.analysis_id).update(quality=[POOR])


def test_good_sessions_of_one_checkpoint_are_joined_by_one_line(world: World) -> None:
    course(world, 0.3, 0.4, 0.5, 0.6)
    chart = chart_of(world)
    assert joined(chart) == [4]
    assert chart.lines[0] == " ".join(f"{dot.x},{dot.value}" for dot in chart.dots)
    assert chart.breaks == []
    assert [dot.apart for dot in chart.dots] == [False] * 4


@pytest.mark.parametrize("how", ["poor", "set aside"])
def test_a_recording_that_is_poor_or_set_aside_is_a_cross_that_no_line_joins(world: World, how: str) -> None:
    recordings = course(world, 0.3, 0.4, 0.9, 0.5, 0.6)
    if how == "poor":
        poor(recordings[2])
    else:
        set_aside(world, recordings[2])
    chart = chart_of(world)
    assert joined(chart) == [2, 2]
    assert [dot.apart for dot in chart.dots] == [False, False, True, False, False]
    there = f"{chart.dots[2].x},{chart.dots[2].value}"
    assert not any(there in line for line in chart.lines)


def test_a_session_without_the_score_stays_a_gap_in_this_score_alone(world: World) -> None:
    course(world, 0.3, 0.4, None, 0.5, 0.6)
    assert joined(chart_of(world)) == [2, 2]
    assert joined(chart_of(world, VALENCE)) == [5]


def test_no_line_joins_two_checkpoints_and_a_mark_stands_half_way(world: World) -> None:
    course(world, 0.3, 0.4)
    course(world, 0.5, 0.6, checkpoint_version="0.2", weights="cd" * 32)
    chart = chart_of(world)
    assert joined(chart) == [2, 2]
    assert chart.breaks == [pytest.approx((chart.dots[1].x + chart.dots[2].x) / 2, abs=0.1)]


def test_hollow_is_what_is_indeterminate_or_of_a_voice_nobody_has_confirmed(world: World) -> None:
    course(world, 0.3)
    (unsure,) = course(world, 0.4)
    Analysis.objects.filter(id=unsure.analysis_id).update(depression_state="indeterminate")
    session = SessionFactory(patient=world.alices_patient, held_at=BEGAN + timedelta(weeks=2))
    analysed(session, method=BY_LENGTH, talk_ratio=0.7)
    assert [dot.hollow for dot in chart_of(world).dots] == [False, True, True]


def test_the_band_spans_the_baseline_and_a_higher_score_lies_higher(world: World) -> None:
    course(world, 0.3, 0.4, 0.35, 0.38, 0.9)
    chart = chart_of(world)
    points = trend_of(world.alices_patient, world.alice).points
    (own,) = own_baselines(points, of_head("depression"))
    assert own.low is not None
    assert own.high is not None
    (band,) = chart.bands
    assert (band.x, band.x + band.width) == pytest.approx((chart.dots[0].x, chart.dots[-1].x), abs=0.2)
    level = dict(chart.levels)
    assert band.y == pytest.approx(level["0"] + own.high * (level["1"] - level["0"]), abs=0.1)
    assert band.y + band.height == pytest.approx(level["0"] + own.low * (level["1"] - level["0"]), abs=0.2)
    assert chart.dots[-1].value < chart.dots[0].value
    assert all(LEFT <= dot.x <= WIDTH - RIGHT and 0 <= dot.value <= HEIGHT for dot in chart.dots)


def test_the_report_says_which_recording_was_set_aside(world: World) -> None:
    recordings = course(world, 0.3, 0.4, 0.5)
    before = report_of(world)
    assert "set aside: counts for no baseline" not in before
    assert before.count('class="apart"') == 0
    set_aside(world, recordings[-1])
    said = report_of(world)
    row = re.search(r'<th scope="row">19 Jan 2026.*?</th>', said, re.DOTALL)
    assert row
    assert "set aside: counts for no baseline" in row[0]
    assert said.count("set aside: counts for no baseline") == 1
    assert said.count('class="apart"') == 3
    assert "Cross: of poor quality, or set aside by a counselor" in said
    assert "elevated; set aside. The table" in said
