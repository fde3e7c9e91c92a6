"""A patient's own baseline on the page: which sessions make it, and what is said of the newest ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inference.biomarkers.definitions import BY_CODE
from inference.models import Analysis
from inference.speakers import BY_LENGTH
from sessions_app.baseline import Side
from sessions_app.dashboard.course import course_of, measure_chart
from sessions_app.dashboard.report_pdf import context_of
from sessions_app.flags import flags_refresh
from sessions_app.models import FlagKind, Recording, Session
from sessions_app.own_baseline import OwnBaseline, of_head, own_baselines
from sessions_app.report import report_make
from sessions_app.trends import trend_of
from tests.pages import signed_in, text
from tests.world import SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)


def session(world: World, week: int) -> Session:
    return SessionFactory(patient=world.alices_patient, held_at=BEGAN + timedelta(weeks=week))


def scored(world: World, *scores: float, first_week: int = 0, **how: Any) -> list[Recording]:
    return [analysed(session(world, week), depression=score, **how) for week, score in enumerate(scores, first_week)]


def own(world: World) -> list[OwnBaseline]:
    return own_baselines(trend_of(world.alices_patient, world.alice).points, of_head("depression"))


def said(world: World) -> str:
    return course_of(world.alices_patient, world.alice).own[0]


def test_three_sessions_are_too_few_and_it_is_said_how_many_count(world: World) -> None:
    scored(world, 0.3, 0.4, 0.3)
    assert own(world)[0].baseline is None
    assert said(world) == ("Depression probability: not enough sessions yet for an own baseline; 3 of 4 count.")


def test_the_first_four_make_it_and_later_ones_do_not_move_it(world: World) -> None:
    scored(world, 0.3, 0.4, 0.3, 0.4)
    (before,) = own(world)
    assert said(world).endswith(", rests on the first 4 sessions; none since.")
    scored(world, 0.9, first_week=4)
    (after,) = own(world)
    assert (after.low, after.high) == (before.low, before.high)
    assert before.low is not None
    assert before.high is not None
    assert 0 < before.low < 0.3 < 0.4 < before.high < 1


def test_two_sessions_above_it_are_said_and_one_is_not(world: World) -> None:
    scored(world, 0.3, 0.35, 0.3, 0.35, 0.95)
    assert "no lasting departure from this patient’s own baseline, 0." in said(world)
    scored(world, 0.95, first_week=5)
    assert own(world)[0].side is Side.ABOVE
    assert said(world).startswith(
        "Depression probability: the last 2 sessions lie above this patient’s own baseline, 0."
    )
    page = text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/"))
    assert said(world) in page


def test_a_poor_recording_and_a_voice_that_is_assumed_do_not_count(world: World) -> None:
    poor, *_ = scored(world, 0.9, 0.3, 0.3, 0.3)
    assert poor.analysis is not None
    check = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}
    type(poor.analysis).objects.filter(id=poor.analysis.id).update(quality=[check])
    scored(world, 0.9, first_week=4, method=BY_LENGTH, talk_ratio=0.7)
    assert own(world)[0].sessions == 3


def test_several_recordings_of_a_session_are_one_session(world: World) -> None:
    one = session(world, 0)
    for score in (0.2, 0.4, 0.6, 0.8):
        analysed(one, depression=score)
    assert own(world)[0].sessions == 1


def test_each_checkpoint_has_a_baseline_of_its_own(world: World) -> None:
    scored(world, 0.3, 0.3, 0.3, 0.3, 0.3)
    scored(world, 0.8, 0.8, first_week=5, weights="cd" * 32)
    assert [found.sessions for found in own(world)] == [5, 2]
    assert "2 of 4 count" in said(world)


def test_an_old_session_that_another_checkpoint_heard_again_says_nothing_of_the_newest_ones(world: World) -> None:
    scored(world, 0.3, 0.35)
    (again,) = scored(world, 0.3, first_week=2, weights="cd" * 32)
    Analysis.objects.filter(id=again.analysis_id).update(pipeline_version="2")
    scored(world, 0.3, 0.35, 0.95, 0.95, first_week=3)
    course = course_of(world.alices_patient, world.alice)
    assert course.own[0].startswith("Depression probability: the last 2 sessions lie above this patient’s own baseline")
    scores, measures = course.summary
    assert "2 sessions after the 4 that make it" in scores.words
    assert "2 sessions after the 4 that make it" in measures.words
    report = context_of(report_make(user=world.alice, patient=world.alices_patient))
    assert report["own"] == course.own
    pitch = measure_chart(world.alices_patient, world.alice, BY_CODE["f0_mean"])
    assert "no lasting departure" in pitch["own"]
    flags_refresh(world.alices_patient.id)
    assert world.alices_patient.flags.filter(kind=FlagKind.BEYOND_BASELINE).exists()


def test_what_consent_hides_makes_no_baseline(world: World) -> None:
    scored(world, 0.3, 0.3, 0.3, 0.3)
    world.alices_patient.consents.update(withdrawn_at=BEGAN)
    assert own(world) == []
    course = course_of(world.alices_patient, world.alice)
    assert course.own == []
    assert course.chart["baseline"]["depression"] == []


def test_the_chart_is_sent_the_band_and_when_it_holds(world: World) -> None:
    scored(world, 0.3, 0.4, 0.3, 0.4, 0.35)
    (band,) = course_of(world.alices_patient, world.alice).chart["baseline"]["depression"]
    assert band["begins"] == int(BEGAN.timestamp())
    assert band["ends"] == int((BEGAN + timedelta(weeks=4)).timestamp())
    assert 0 < band["low"] < band["high"] < 1
