"""Fewer points, with everything kept that strikes the eye."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sessions_app.thinning import LIMIT, kept

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


@given(POINTS, LIMITS)
def test_each_bucket_keeps_its_extremes_and_a_gap(points: Points, limit: int) -> None:
    count = len(points)
    if count <= limit:
        return
    places, buckets = set(thinned(points, limit)), (limit - 2) // 5
    for number in range(buckets):
        bucket = range(count * number // buckets, count * (number + 1) // buckets)
        for series in (0, 1):
            present = [points[place][series] for place in bucket if points[place][series] is not None]
            shown = {points[place][series] for place in bucket if place in places}
            if present:
                assert {min(present), max(present)} <= shown  # type: ignore[type-var]
        if any(points[place][2] for place in bucket):
            assert any(points[place][2] for place in bucket if place in places)


def test_a_spike_between_ten_thousand_points_is_seen() -> None:
    values: list[float | None] = [0.5] * 10_000
    values[4321] = 0.99
    places = kept([values], [False] * 10_000)
    assert 4321 in places
    assert len(places) <= LIMIT
