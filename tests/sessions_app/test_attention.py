"""The rules by which somebody should look at a patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Clinic
from inference.models import Analysis, AnalysisJob, JobState
from inference.results import HeadName, Score
from inference.speakers import BY_CHANNEL
from sessions_app.attention import (
    NEAR,
    OVERDUE_UNTIL,
    REVIEW_WITHIN,
    Known,
    Reason,
    reasons,
    turning_points,
)
from sessions_app.models import FlagKind, Instrument, QuestionnaireResponse, Recording, Review, Session, Verdict
from sessions_app.scores import ConsentGate
from sessions_app.trends import TrendPoint

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
GATE = ConsentGate(Clinic(), ())
WEEK = timedelta(weeks=1)
OVERDUE_AFTER = 6 * WEEK
ITEMS = {Instrument.PHQ9: 9, Instrument.GAD7: 7}
LIMITS = {Instrument.PHQ9: (FlagKind.WORSE_PHQ9, 6), Instrument.GAD7: (FlagKind.WORSE_GAD7, 4)}


def sheet(instrument: Instrument, total: int, weeks_ago: float = 0, item_9: int = 0) -> QuestionnaireResponse:
    """One whose items sum up to ``total``, of which ``item_9`` is the last."""
    items, left = [], total - item_9
    for _ in range(ITEMS[instrument] - 1):
        items.append(min(3, left))
        left -= items[-1]
    assert left == 0
    return QuestionnaireResponse(instrument=instrument, answered_at=NOW - weeks_ago * WEEK, items=[*items, item_9])


def session(weeks_ago: float, *recordings: Recording) -> Session:
    held = Session(held_at=NOW - weeks_ago * WEEK)
    held.fetched_recordings = list(recordings)
    for one in recordings:
        one.session = held
    return held


def recording(
    *,
    method: str = BY_CHANNEL,
    state: JobState = JobState.SUCCEEDED,
    confirmed: bool = False,
    reviewed: bool = True,
    checkpoint: str = "a",
) -> Recording:
    analysis = Analysis(speaker_method=method, quality=[], checkpoint_name=checkpoint, checkpoint_version="1")
    analysis._state.fields_cache["confirmation"] = object() if confirmed else None
    analysis._state.fields_cache["review"] = Review(verdict=Verdict.AGREE) if reviewed else None
    job = AnalysisJob(state=state, options={}, finished_at=NOW - timedelta(hours=1))
    return Recording(job=job, analysis=analysis, uploaded_at=NOW)


def heard(
    scores: Sequence[float], *, last_weeks_ago: int = 0, head: HeadName = "depression", checkpoints: str = ""
) -> list[TrendPoint]:
    """A session each week, the last one so many weeks ago, with a score; each by one of ``checkpoints``."""
    points = []
    for place, value in enumerate(scores):
        of = recording(checkpoint=checkpoints[place] if checkpoints else "a")
        held = session(last_weeks_ago + len(scores) - 1 - place, of)
        found: dict[HeadName, Score] = {head: Score(value, value - 0.02, value + 0.02, "elevated")}
        points.append(TrendPoint(held, of, found, GATE))
    return points


def known(
    responses: Sequence[QuestionnaireResponse] = (),
    points: Sequence[TrendPoint] = (),
    sessions: Sequence[Session] = (),
    now: datetime = NOW,
) -> Known:
    held = sessions or [point.session for point in points]
    return Known(now, tuple(responses), tuple(held), tuple(points), OVERDUE_AFTER)


def kinds(found: Known) -> list[FlagKind]:
    return [reason.kind for reason in reasons(found)]


def of_kind(found: Known, kind: FlagKind) -> Reason:
    (reason,) = [reason for reason in reasons(found) if reason.kind is kind]
    return reason


def test_nothing_is_said_of_somebody_of_whom_nothing_is_known() -> None:
    assert reasons(known()) == []
    assert turning_points(known()) == []


@given(st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=1, max_size=12))
def test_self_harm_is_said_exactly_while_the_newest_given_answer_is_not_not_at_all(answers: list[int | None]) -> None:
    sheets = [
        QuestionnaireResponse(instrument=Instrument.PHQ9, answered_at=NOW - (12 - place) * WEEK, items=[1] * 8 + [item])
        for place, item in enumerate(answers)
    ]
    given_ones = [one for one in sheets if one.safety_answer is not None]
    found = [reason for reason in reasons(known(sheets)) if reason.kind is FlagKind.SELF_HARM]
    assert bool(found) is bool(given_ones and given_ones[-1].safety_answer)
    for reason in found:
        assert reason.response is given_ones[-1]
        between = [one.safety_answer for one in given_ones if one.answered_at >= reason.since]
        assert all(between)
        before = [one for one in given_ones if one.answered_at < reason.since]
        assert not before or before[-1].safety_answer == 0


@given(instrument=st.sampled_from(Instrument), data=st.data())
def test_worse_is_said_exactly_while_the_total_rose_reliably_since_the_last_or_the_first(
    instrument: Instrument, data: st.DataObject
) -> None:
    totals = data.draw(st.lists(st.integers(0, 3 * (ITEMS[instrument] - 1)), min_size=1, max_size=8))
    sheets = [sheet(instrument, total, len(totals) - place) for place, total in enumerate(totals)]
    kind, limit = LIMITS[instrument]
    worse = len(totals) > 1 and totals[-1] - min(totals[-2], totals[0]) >= limit
    assert kinds(known(sheets)) == ([kind] if worse else [])
    if worse:
        reason = of_kind(known(sheets), kind)
        assert reason.response is sheets[-1]
        assert sheets[0].answered_at < reason.since <= sheets[-1].answered_at


def test_a_relapse_is_still_said_at_the_next_questionnaire_only_above_the_first() -> None:
    relapse = [sheet(Instrument.PHQ9, total, 5 - place) for place, total in enumerate((18, 5, 14))]
    assert kinds(known(relapse)) == [FlagKind.WORSE_PHQ9]
    assert kinds(known([*relapse, sheet(Instrument.PHQ9, 14)])) == []
    decline = [sheet(Instrument.PHQ9, total, 5 - place) for place, total in enumerate((5, 8, 11, 11))]
    reason = of_kind(known(decline), FlagKind.WORSE_PHQ9)
    assert (reason.since, reason.response) == (decline[2].answered_at, decline[3])


def test_a_questionnaire_without_a_total_says_nothing_of_worse() -> None:
    empty = QuestionnaireResponse(instrument=Instrument.PHQ9, answered_at=NOW, items=[None] * 4 + [3] * 4 + [0])
    assert kinds(known([sheet(Instrument.PHQ9, 3, 2), empty])) == []


FIRST_FOUR = (0.3, 0.35, 0.3, 0.35)


@pytest.mark.parametrize("away", [(0.95, 0.95), (0.02, 0.02), (0.95, 0.96, 0.94, 0.95)])
def test_two_sessions_beyond_one_edge_are_said_from_the_second_on(away: tuple[float, ...]) -> None:
    points = heard([*FIRST_FOUR, *away])
    reason = of_kind(known(points=points), FlagKind.BEYOND_BASELINE)
    assert reason.session == points[5].session
    assert reason.since == points[5].session.held_at


@pytest.mark.parametrize("head", ["valence", "arousal"])
def test_valence_and_arousal_alone_call_nobody(head: HeadName) -> None:
    assert kinds(known(points=heard([*FIRST_FOUR, 0.95, 0.95], head=head))) == []


@pytest.mark.parametrize("away", [(0.95,), (0.95, 0.02), (0.95, 0.95, 0.33), (0.34, 0.32)])
def test_one_alone_two_on_either_side_and_those_that_have_come_back_are_not(away: tuple[float, ...]) -> None:
    assert kinds(known(points=heard([*FIRST_FOUR, *away]))) == []


def test_voice_and_questionnaire_disagree_where_each_says_the_opposite_change() -> None:
    better = [sheet(Instrument.PHQ9, 20, 6), sheet(Instrument.PHQ9, 8, 1)]
    worse = [sheet(Instrument.PHQ9, 4, 6), sheet(Instrument.PHQ9, 16, 1)]
    above, below = heard([*FIRST_FOUR, 0.95, 0.95]), heard([*FIRST_FOUR, 0.02, 0.02])
    assert FlagKind.DISAGREEING in kinds(known(better, above))
    assert FlagKind.DISAGREEING in kinds(known(worse, below))
    assert FlagKind.DISAGREEING not in kinds(known(better, below))
    assert FlagKind.DISAGREEING not in kinds(known(worse, above))
    assert FlagKind.DISAGREEING not in kinds(known([sheet(Instrument.PHQ9, 20, 6)], above))


def test_they_disagree_since_the_later_of_both_and_it_rests_on_the_session_with_which_that_began() -> None:
    points = heard([*FIRST_FOUR, 0.95, 0.95, 0.95])
    better = [sheet(Instrument.PHQ9, 20, 6), sheet(Instrument.PHQ9, 8, 0.5)]
    reason = of_kind(known(better, points), FlagKind.DISAGREEING)
    assert (reason.since, reason.session) == (better[1].answered_at, points[5].session)
    earlier = [better[0], sheet(Instrument.PHQ9, 8, 2.5)]
    reason = of_kind(known(earlier, points), FlagKind.DISAGREEING)
    assert (reason.since, reason.session) == (points[5].session.held_at, points[5].session)


def test_a_change_of_phq_9_from_before_the_voices_own_baseline_disagrees_with_nothing() -> None:
    above = heard([0.5] * 6 + [*FIRST_FOUR, 0.95, 0.95], checkpoints="aaaaaabbbbbb")
    before = [sheet(Instrument.PHQ9, 20, 11), sheet(Instrument.PHQ9, 8, 5), sheet(Instrument.PHQ9, 8, 1)]
    assert FlagKind.DISAGREEING not in kinds(known(before, above))
    meanwhile = [sheet(Instrument.PHQ9, 8, 11), sheet(Instrument.PHQ9, 20, 5), sheet(Instrument.PHQ9, 8, 1)]
    assert FlagKind.DISAGREEING in kinds(known(meanwhile, above))


def test_where_no_total_is_of_the_weeks_in_which_the_own_baseline_begins_nothing_disagrees() -> None:
    weeks = NEAR.days // 7 + 1
    points = heard([*FIRST_FOUR, *[0.33] * 8, 0.95, 0.95])
    totals = [sheet(Instrument.PHQ9, 20, 13 - weeks), sheet(Instrument.PHQ9, 8, 1)]
    assert FlagKind.DISAGREEING not in kinds(known(totals, points))
    assert FlagKind.DISAGREEING in kinds(known([sheet(Instrument.PHQ9, 20, 13 - weeks + 1), totals[1]], points))


def test_an_old_session_that_another_checkpoint_heard_again_ends_no_reason() -> None:
    points = heard([0.3, 0.35, 0.3, 0.3, 0.35, 0.95, 0.95], checkpoints="aabaaaa")
    assert of_kind(known(points=points), FlagKind.BEYOND_BASELINE).session == points[6].session


def test_a_questionnaire_of_other_weeks_disagrees_with_nothing() -> None:
    weeks = NEAR.days // 7 + 1
    old = [sheet(Instrument.PHQ9, 20, weeks + 3), sheet(Instrument.PHQ9, 8, weeks)]
    assert kinds(known(old, heard([*FIRST_FOUR, 0.95, 0.95]))) == [FlagKind.BEYOND_BASELINE]


def test_scores_that_nobody_has_reviewed_wait_for_a_month() -> None:
    of = recording(reviewed=False)
    point = TrendPoint(session(1, of), of, {"depression": Score(0.5, 0.4, 0.6, "indeterminate")}, GATE)
    assert of_kind(known(points=[point]), FlagKind.REVIEW_WAITING).session == point.session
    later = point.session.held_at + REVIEW_WITHIN
    assert kinds(known(points=[point], now=later)) == []
    reviewed = recording()
    assert kinds(known(points=[TrendPoint(session(1, reviewed), reviewed, point.scores, GATE)])) == []
    assert kinds(known(points=[TrendPoint(session(1, of), of, {}, GATE)])) == []


def test_a_part_of_the_newest_session_that_failed_is_told_beside_a_later_one_that_did_not() -> None:
    failed, fine = recording(state=JobState.FAILED), recording()
    failed.job.finished_at = NOW - timedelta(hours=3)
    for parts in ((failed, fine), (fine, failed), (failed, recording(state=JobState.FAILED))):
        held = session(1, *parts)
        reason = of_kind(known(sessions=[session(2, recording()), held]), FlagKind.ANALYSIS_FAILED)
        assert (reason.session, reason.since) == (held, NOW - timedelta(hours=3))


def test_only_the_newest_recorded_sessions_failure_counts() -> None:
    failed, fine = recording(state=JobState.FAILED), recording()
    assert kinds(known(sessions=[session(2, fine), session(1, failed)])) == [FlagKind.ANALYSIS_FAILED]
    assert kinds(known(sessions=[session(2, failed), session(1, fine)])) == []
    assert kinds(known(sessions=[session(2, failed), session(1)])) == [FlagKind.ANALYSIS_FAILED]
    assert kinds(known(sessions=[session(1, recording(state=JobState.CANCELLED))])) == []


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(weeks=60)))
def test_overdue_begins_and_ends_at_its_limits(age: timedelta) -> None:
    last = session(0)
    found = known(sessions=[last], now=NOW + age)
    assert kinds(found) == ([FlagKind.OVERDUE] if OVERDUE_AFTER <= age < OVERDUE_UNTIL else [])


@given(st.lists(st.floats(0, 40), min_size=1, max_size=5), st.booleans())
def test_until_the_next_turning_point_time_changes_nothing(ages: list[float], reviewed: bool) -> None:
    points = []
    for age in sorted(ages, reverse=True):
        of = recording(reviewed=reviewed)
        points.append(TrendPoint(session(age, of), of, {"depression": Score(0.5, 0.4, 0.6, "low")}, GATE))
    turns = turning_points(known(points=points))
    then = (turns[0] if turns else NOW + timedelta(weeks=99)) - timedelta(microseconds=1)
    assert reasons(known(points=points)) == reasons(known(points=points, now=then))


@given(st.lists(st.integers(0, 24), min_size=1, max_size=6), st.lists(st.floats(0.05, 0.95), min_size=0, max_size=8))
def test_each_kind_is_said_once_and_the_most_urgent_first(totals: list[int], scores: list[float]) -> None:
    sheets = [sheet(Instrument.PHQ9, total, len(totals) - place, 0) for place, total in enumerate(totals)]
    sheets.append(sheet(Instrument.PHQ9, 10, 0, item_9=1))
    found = kinds(known(sheets, heard(scores)))
    assert found == sorted(set(found))
    assert found[0] is FlagKind.SELF_HARM
