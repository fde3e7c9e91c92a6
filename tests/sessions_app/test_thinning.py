"""Fewer points, with everything kept that strikes the eye."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sessions_app.thinning import LIMIT, interrupted, kept

VALUE = st.none() | st.floats(-1e6, 1e6)
POINTS = st.lists(st.tuples(VALUE, VALUE, st.booleans()), min_size=1, max_size=300)
LIMITS = st.integers(7, 120)
"""From 7 on, two series have a bucket."""

Points = list[tuple[float | None, float | None, bool]]


def thinned(points: Points, limit: int) -> list[int]:
    first, second, gaps = zip(*points, strict=True)
    return kept([first, second], gaps, limit)


@given(POINTS, LIMITS)
def test_never_more_than_the_limit_in_order_with_the_first_and_the_last(points: Points, limit: int) -> None:
    places = thinned(points, limit)
    assert len(places) <= limit
    assert all(before < after for before, after in pairwise(places))
    assert (places[0], places[-1]) == (0, len(points) - 1)


@given(POINTS)
def test_nothing_is_left_out_below_the_limit(points: Points) -> None:
    assert thinned(points, len(points)) == list(range(len(points)))


@given(POINTS, LIMITS)
def test_the_lowest_and_the_highest_of_each_series_stay(points: Points, limit: int) -> None:
    places = thinned(points, limit)
    for series in (0, 1):
        present = [point[series] for point in points if point[series] is not None]
        shown = [points[place][series] for place in places if points[place][series] is not None]
        if present:
            assert min(shown) == min(present)  # type: ignore[type-var]
            assert max(shown) == max(present)  # type: ignore[type-var]


POINT = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.just(""), st.just("a"))
BREAK = st.tuples(VALUE, VALUE, st.sampled_from(["", "apart"]), st.sampled_from("ab"))
COURSES = st.lists(st.one_of(POINT, POINT, POINT, BREAK), min_size=30, max_size=200)
"""Two series, whether a point stands apart, and what made it."""

Course = list[tuple[float | None, float | None, str, str]]


@given(COURSES, st.integers(7, 29))
def test_no_line_runs_over_what_ends_it_and_none_is_broken_without_a_reason(course: Course, limit: int) -> None:
    """A line ends where a value is missing, where something else made it, and at what stands apart."""
    gaps = [bool(apart) or (one is None and two is None) for one, two, apart, _ in course]
    places = kept([[point[0] for point in course], [point[1] for point in course]], gaps, limit)
    for series in (0, 1):
        steps = [_joins(course[at : at + 2], series) for at in range(len(course) - 1)]
        broken = interrupted(steps, places)
        for number, (before, after) in enumerate(pairwise(places), start=1):
            is_drawn = _joins([course[before], course[after]], series) and number not in broken
            assert is_drawn == _joins(course[before : after + 1], series)


def _joins(stretch: Course, series: int) -> bool:
    """Whether one line may run through all of ``stretch``."""
    whole = all(point[series] is not None and not point[2] for point in stretch)
    return whole and len({point[3] for point in stretch}) == 1


def test_a_spike_between_ten_thousand_points_is_seen() -> None:
    values: list[float | None] = [0.5] * 10_000
    values[4321] = 0.99
    places = kept([values], [False] * 10_000)
    assert 4321 in places
    assert len(places) <= LIMIT


def test_a_lone_gap_between_ten_thousand_points_is_seen() -> None:
    gaps = [place == 4321 for place in range(10_000)]
    places = kept([[float(place) for place in range(10_000)]], gaps)
    assert 4321 in places
    assert len(places) <= LIMIT
