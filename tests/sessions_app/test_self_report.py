"""What a row of questionnaires says: change, response, remission, and the answer about self-harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.instruments import PHQ9
from sessions_app.models import Instrument, QuestionnaireResponse
from sessions_app.self_report import Direction, SelfReport, self_reports

FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)


def with_total(total: int) -> list[int | None]:
    """Nine answers of this sum."""
    return [min(3, max(0, total - 3 * place)) for place in range(9)]


def report(*totals: int | None) -> SelfReport:
    """PHQ-9 of consecutive weeks; ``None``: with too few answers for a total."""
    sheets = [with_total(total) if total is not None else [1, *[None] * 8] for total in totals]
    return report_of(*sheets)


def report_of(*sheets: list[int | None]) -> SelfReport:
    responses = tuple(
        QuestionnaireResponse(instrument=Instrument.PHQ9, answered_at=FIRST + timedelta(weeks=week), items=items)
        for week, items in enumerate(sheets)
    )
    return SelfReport(PHQ9, responses)


@pytest.mark.parametrize(
    ("first", "now", "direction"),
    [(10, 16, "worse"), (10, 15, "none"), (16, 10, "better"), (15, 10, "none"), (9, 9, "none")],
)
def test_a_change_of_six_points_is_reliable_and_one_of_five_is_not(first: int, now: int, direction: str) -> None:
    change = report(first, now).since_first
    assert change is not None
    assert change.direction == Direction(direction)


@given(st.integers(0, 27), st.integers(0, 27))
def test_what_is_better_one_way_is_worse_the_other(one: int, other: int) -> None:
    there, back = report(one, other).since_first, report(other, one).since_first
    assert there is not None
    assert back is not None
    opposite = {Direction.BETTER: Direction.WORSE, Direction.WORSE: Direction.BETTER, Direction.NONE: Direction.NONE}
    assert back.direction == opposite[there.direction]
    assert back.points == -there.points


@pytest.mark.parametrize(
    ("first", "now", "response", "remission"),
    [(18, 9, True, False), (18, 10, False, False), (10, 5, True, False), (10, 4, True, True), (9, 4, False, False)],
)
def test_response_is_half_and_remission_below_five_for_who_began_at_ten_or_more(
    first: int, now: int, response: bool, remission: bool
) -> None:
    change = report(first, now).since_first
    assert change is not None
    assert (change.response, change.remission) == (response, remission)


def test_sheets_without_a_total_are_passed_over() -> None:
    found = report(None, 12, None, 20, None)
    assert found.since_first is not None
    assert found.since_first.points == 8
    assert found.since_first == found.since_last


def test_one_total_alone_shows_no_change() -> None:
    found = report(None, 20)
    assert (found.since_first, found.since_last) == (None, None)


def test_the_answer_about_self_harm_stays_until_a_newer_one_says_not_at_all() -> None:
    asked = [*[0] * 8, 2]
    skipped: list[int | None] = [*[0] * 8, None]
    assert report_of(asked).safety is not None
    found = report_of(asked, skipped)
    assert found.safety == found.responses[0]
    assert report_of(asked, [0] * 9).safety is None
    assert report_of([0] * 9, asked).safety is not None


def test_it_counts_on_a_sheet_that_has_no_total() -> None:
    lone: list[int | None] = [*[None] * 8, 1]
    assert report_of(lone).responses[0].total is None
    assert report_of(lone).safety is not None


def test_kinds_are_kept_apart_depression_first() -> None:
    gad7 = QuestionnaireResponse(instrument=Instrument.GAD7, answered_at=FIRST, items=[3] * 7)
    phq9 = QuestionnaireResponse(instrument=Instrument.PHQ9, answered_at=FIRST, items=[1] * 9)
    assert list(self_reports([gad7, phq9])) == ["phq9", "gad7"]
    assert [found.responses for found in self_reports([gad7, phq9]).values()] == [(phq9,), (gad7,)]
