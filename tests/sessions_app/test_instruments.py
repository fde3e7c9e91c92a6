"""Scoring of the questionnaires: totals, missing answers, severity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.instruments import DEFINITIONS, GAD7, PHQ9, Definition, total_of

KINDS = pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=lambda one: one.name)
ANSWERS = st.integers(0, 3)


@st.composite
def sheets(draw: st.DrawFn, missing: int = 0) -> list[int | None]:
    """A sheet of either kind with ``missing`` answers left out."""
    size = draw(st.sampled_from([len(one.items) for one in DEFINITIONS.values()]))
    items: list[int | None] = list(draw(st.lists(ANSWERS, min_size=size, max_size=size)))
    for place in draw(st.lists(st.integers(0, size - 1), min_size=missing, max_size=missing, unique=True)):
        items[place] = None
    return items


@given(sheets())
def test_the_total_of_a_whole_sheet_is_the_sum_of_its_answers(items: list[int]) -> None:
    assert total_of(items) == sum(items)


@given(st.integers(1, 2).flatmap(sheets))
def test_with_one_or_two_missing_the_total_is_within_half_a_point_of_the_mean_times_the_items(
    items: list[int | None],
) -> None:
    answered = [item for item in items if item is not None]
    total = total_of(items)
    assert total is not None
    assert abs(total - sum(answered) / len(answered) * len(items)) <= 0.5
    assert 0 <= total <= 3 * len(items)


@given(st.integers(3, 7).flatmap(sheets))
def test_with_more_missing_there_is_no_total(items: list[int | None]) -> None:
    assert total_of(items) is None


@given(st.integers(0, 2).flatmap(sheets), st.data())
def test_a_higher_answer_never_lowers_the_total(items: list[int | None], data: st.DataObject) -> None:
    places = [place for place, item in enumerate(items) if item is not None and item < 3]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    higher = [*items[:place], (items[place] or 0) + 1, *items[place + 1 :]]
    before, after = total_of(items), total_of(higher)
    assert before is not None
    assert after is not None
    assert after >= before


def test_a_half_is_rounded_upwards() -> None:
    # Nine items, eight answered with 4 points in all: 4.5.
    assert total_of([1, 1, 1, 1, 0, 0, 0, 0, None]) == 5


@KINDS
def test_each_total_has_one_severity_and_totals_beyond_have_none(definition: Definition) -> None:
    assert [definition.severity(total) for total in range(definition.most + 1)]
    assert sum(band.high - band.low + 1 for band in definition.bands) == definition.most + 1
    for total in (-1, definition.most + 1):
        with pytest.raises(ValueError, match="no total"):
            definition.severity(total)


@pytest.mark.parametrize(
    ("total", "words"),
    [
        *((0, "minimal"), (4, "minimal"), (5, "mild"), (9, "mild"), (10, "moderate"), (14, "moderate")),
        *((15, "moderately severe"), (19, "moderately severe"), (20, "severe"), (27, "severe")),
    ],
)
def test_phq9_is_called_as_its_authors_call_it(total: int, words: str) -> None:
    assert PHQ9.severity(total) == words


@pytest.mark.parametrize(("total", "words"), [(4, "minimal"), (5, "mild"), (10, "moderate"), (15, "severe")])
def test_gad7_is_called_as_its_authors_call_it(total: int, words: str) -> None:
    assert GAD7.severity(total) == words


def test_only_phq9_asks_about_self_harm_and_in_its_ninth_item() -> None:
    assert "hurting yourself" in PHQ9.items[(PHQ9.safety_item or 0) - 1]
    assert (PHQ9.safety_item, GAD7.safety_item) == (9, None)
    assert not any("hurting" in item for item in GAD7.items)
