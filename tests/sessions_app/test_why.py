"""Which windows lie furthest, where a session lies beside the patient's earlier ones, and the words for both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import AffectPolicy
from inference import results
from inference.models import Analysis, Timeline
from inference.results import Score
from inference.speakers import ASSUMED, BY_LENGTH
from sessions_app import earlier_sessions
from sessions_app.baseline import Side
from sessions_app.dashboard.session_detail import Detail, recording_details
from sessions_app.dashboard.why_panel import (
    ASSUMED_VOICE,
    MEAN,
    NO_BASELINE,
    NO_CAUSE,
    NOTHING_MOVED,
    OF_SCORE,
    POOR,
    SET_ASIDE,
    TOO_WIDE,
    WENT_WITH,
)
from sessions_app.dashboard.wording import measure_meaning
from sessions_app.models import Reason, Recording, Session, Verdict
from sessions_app.reviews import review_set
from sessions_app.why import furthest_windows
from tests.pages import signed_in, text
from tests.world import SessionFactory, World, analysed

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)


def over_time(*values: float | None, length: float = 6.0, hop: float = 3.0) -> results.Timeline:
    starts = tuple(hop * number for number in range(len(values)))
    ends = tuple(start + length for start in starts)
    return results.Timeline(starts, ends, depression=values, valence=values, arousal=values)


def test_the_windows_furthest_from_the_score_are_found_and_do_not_overlap() -> None:
    windows = over_time(0.5, 0.9, 0.95, 0.5, 0.5, 0.1, 0.5, 0.5, 0.6)
    found = furthest_windows(windows, "depression", Score(0.5, 0.4, 0.6, "indeterminate"))
    assert [(one.start, one.value, one.side) for one in found] == [
        (6.0, 0.95, Side.ABOVE),
        (15.0, 0.1, Side.BELOW),
        (24.0, 0.6, Side.ABOVE),
    ]


def test_windows_that_are_written_as_the_score_are_not_among_them() -> None:
    score = Score(0.5, 0.4, 0.6, "indeterminate")
    assert [one.value for one in furthest_windows(over_time(0.504, 0.2, 0.496), "arousal", score)] == [0.2]


def test_windows_without_a_value_or_of_a_score_that_is_not_given_are_not_either() -> None:
    score = Score(0.5, 0.4, 0.6, "indeterminate")
    assert [one.start for one in furthest_windows(over_time(None, None, 0.8), "valence", score)] == [6.0]
    assert furthest_windows(over_time(0.8), "valence", Score.unavailable("It is off.")) == ()


def held(world: World, week: int, pitch: float, *, depression: float = 0.4, **how: Any) -> Recording:
    session = SessionFactory(patient=world.alices_patient, held_at=BEGAN + timedelta(weeks=week))
    recording = analysed(session, depression=depression, **how)
    measures = {"f0_mean": {"value": pitch, "unit": "Hz"}, "jitter_local": {"value": 0.01, "unit": "1"}}
    Analysis.objects.filter(id=recording.analysis_id).update(biomarkers=measures)
    return recording


def detail(world: World, recording: Recording) -> Detail:
    session = Session.objects.filter(id=recording.session_id).with_recordings().get()
    session.patient.clinic = world.clinic
    (shown,) = recording_details(session, world.alice)
    assert shown.detail
    return shown.detail


def pitch_of(world: World, recording: Recording) -> Any:
    return next(row for row in detail(world, recording).biomarkers if row.definition.code == "f0_mean")


@pytest.mark.django_db
def test_a_measure_beyond_the_patients_own_baseline_is_said_to_have_gone_with_the_score(world: World) -> None:
    for week, pitch in enumerate((180.0, 182.0, 178.0, 181.0)):
        held(world, week, pitch)
    usual = held(world, 4, 180.0)
    unusual = held(world, 5, 150.0, depression=0.95)
    assert pitch_of(world, usual).side is Side.WITHIN
    assert pitch_of(world, unusual).side is Side.BELOW
    went = detail(world, unusual).why[0]
    assert (went.moved_words, went.moved, went.place) == (WENT_WITH, ("Mean pitch (below)",), OF_SCORE[Side.ABOVE])
    stayed = detail(world, usual).why[0]
    assert (stayed.moved_words, stayed.moved, stayed.place) == (NOTHING_MOVED, (), OF_SCORE[Side.WITHIN])
    page = text(signed_in(world.alice).get(f"/sessions/{unusual.session_id}/"))
    assert "Mean pitch 150.0 Hz below 1" in page
    assert f"{WENT_WITH} Mean pitch (below)." in page
    assert "because" not in " ".join([went.place, went.moved_words, *went.moved, str(NO_CAUSE)])


@pytest.mark.django_db
def test_beside_a_baseline_that_nothing_can_leave_no_place_is_told(world: World) -> None:
    for week, score in enumerate((0.995, 0.9, 0.05, 0.004)):
        held(world, week, 180.0, depression=score)
    assert detail(world, held(world, 4, 180.0, depression=0.999)).why[0].place == TOO_WIDE


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("why_not", "said_of_it"), [("poor", POOR), ("assumed", ASSUMED_VOICE), ("set aside", SET_ASIDE)]
)
def test_of_a_recording_that_counts_for_nothing_it_is_said_why_and_not_where_it_lies(
    world: World, why_not: str, said_of_it: str
) -> None:
    for week in range(4):
        held(world, week, 180.0)
    odd = held(world, 4, 150.0, depression=0.95, method=BY_LENGTH if why_not == "assumed" else ASSUMED)
    if why_not == "poor":
        check = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}
        Analysis.objects.filter(id=odd.analysis_id).update(quality=[check])
    if why_not == "set aside":
        said = {"verdict": Verdict.SET_ASIDE, "reason": Reason.POOR_SOUND, "note": "", "seen": odd.analysis_id}
        review_set(user=world.alice, recording=odd, **said)  # type: ignore[arg-type]
    row = pitch_of(world, odd)
    assert (row.place, row.is_beyond) == ("", False)
    assert " to " in row.band
    why = detail(world, odd).why[0]
    assert (why.place, why.moved_words, why.moved) == (said_of_it, "", ())


@pytest.mark.django_db
def test_it_is_said_how_many_measures_lie_beyond_by_chance_alone(world: World) -> None:
    for week in range(5):
        newest = held(world, week, 180.0)
    expected = "By chance alone, each measure lies beyond it in one of ten sessions: about 0.2 of the 2 compared here."
    assert detail(world, newest).why[0].chance == expected
    page = text(signed_in(world.alice).get(f"/sessions/{newest.session_id}/"))
    assert f"{NOTHING_MOVED} {expected}" in page


@pytest.mark.django_db
def test_the_page_claims_no_more_of_a_moment_than_that_it_lies_far_from_the_score(world: World) -> None:
    recording = held(world, 0, 180.0)
    Timeline.objects.filter(analysis=recording.analysis_id).update(depression=[0.9, 0.1])
    page = text(signed_in(world.alice).get(f"/sessions/{recording.session_id}/"))
    assert "The moments that lie furthest from it:" in page
    assert "those with more speech count more" in page
    assert "weigh most" not in page


@pytest.mark.django_db
def test_before_there_are_enough_sessions_that_is_said_and_nothing_else(world: World) -> None:
    for week in range(3):
        held(world, week, 180.0)
    third = held(world, 3, 150.0)
    row = pitch_of(world, third)
    assert row.side is None
    assert row.band == "not enough sessions yet (3 of 4)"
    why = detail(world, third).why[0]
    assert (why.place, why.moved_words, why.closing) == (NO_BASELINE, "", MEAN)


@pytest.mark.django_db
def test_later_set_aside_assumed_and_poor_sessions_and_those_of_another_pipeline_do_not_count(world: World) -> None:
    for week in range(3):
        held(world, week, 180.0)
    odd, old, poor = (held(world, week, 180.0) for week in (3, 4, 5))
    held(world, 6, 180.0, method=BY_LENGTH, talk_ratio=0.7)
    assert odd.analysis_id is not None
    said = {"verdict": Verdict.SET_ASIDE, "reason": Reason.POOR_SOUND, "note": "", "seen": odd.analysis_id}
    review_set(user=world.alice, recording=odd, **said)  # type: ignore[arg-type]
    Analysis.objects.filter(id=old.analysis_id).update(pipeline_version="0")
    check = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}
    Analysis.objects.filter(id=poor.analysis_id).update(quality=[check])
    this = held(world, 7, 180.0)
    held(world, 8, 180.0)
    assert pitch_of(world, this).band == "not enough sessions yet (3 of 4)"


@pytest.mark.django_db
def test_however_many_sessions_another_pipeline_or_checkpoint_heard_the_first_of_its_own_are_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier_sessions, "LOOKED_AT", 4)
    for week in range(4):
        held(world, week, 150.0)
    Analysis.objects.update(pipeline_version="0")
    for week in range(4, 8):
        held(world, week, 180.0, depression=0.9, weights="cd" * 32)
    for week in range(8, 12):
        held(world, week, 180.0)
    this = held(world, 12, 180.0)
    assert pitch_of(world, this).side is Side.WITHIN
    assert detail(world, this).why[0].place == OF_SCORE[Side.WITHIN]


@pytest.mark.django_db
def test_where_no_score_is_shown_an_assumed_voice_makes_no_baseline_of_measures_either(world: World) -> None:
    for week in range(3):
        held(world, week, 180.0)
    held(world, 3, 180.0, method=BY_LENGTH, talk_ratio=0.7)
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()
    assert pitch_of(world, held(world, 4, 180.0)).band == "not enough sessions yet (3 of 4)"


@pytest.mark.django_db
def test_a_measure_with_weak_evidence_is_labelled_so_and_others_are_not(world: World) -> None:
    rows = detail(world, held(world, 0, 180.0))
    weak = {row.definition.code for row in (*rows.biomarkers, *rows.more_biomarkers) if row.evidence}
    assert all(row.evidence in measure_meaning(row.definition) for row in (*rows.biomarkers, *rows.more_biomarkers))
    assert weak == {"hnr", "jitter_local", "shimmer_local", "f1_mean", "f2_mean", "f3_mean"}


@pytest.mark.django_db
def test_turns_say_how_long_an_answer_was_waited_for_and_who_speaks_how_much(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), method=BY_LENGTH, talk_ratio=0.7)
    turns = [[0.0, 4.0, "other"], [5.2, 9.0, "patient"], [9.5, 11.0, "patient"], [11.0, 12.0, "other"]]
    turns += [[30.0, 31.0, "patient"]]
    Timeline.objects.filter(analysis=recording.analysis_id).update(turns=turns)
    found = detail(world, recording)
    waited = [None if row.waited is None else round(row.waited, 1) for row in found.turns]
    assert waited == [None, 1.2, None, None, None]
    page = text(signed_in(world.alice).get(f"/sessions/{recording.session_id}/"))
    assert "The patient speaks 70 % of all that is spoken." in page
    assert "Patient 0:05 0:09 3.8 1.2 s" in page
    assert "Is the patient the other voice?" not in page  # asked on top, while nobody has confirmed it
