"""Fewer points than there are, with all that strikes the eye kept: extremes, gaps, the first and the last.

A line may not join two kept points over what would have ended it: `interrupted` says where.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

LIMIT = 2_000
"""More points than these are never sent to a browser: no screen shows more side by side."""

Values = Sequence[float | None]


def kept(series: Sequence[Values], gaps: Sequence[bool], limit: int = LIMIT) -> list[int]:
    """Which places of parallel ``series`` stay, in their order: all where there are no more than ``limit``.

    Else the places are cut into buckets, and of each bucket stay the lowest and the highest value of each series and
    the first of its ``gaps``, where lines end; and of all, the first and the last place.
    """
    count = len(gaps)
    if count <= limit:
        return list(range(count))
    buckets = (limit - 2) // (2 * len(series) + 1)
    edges = [count * number // buckets for number in range(buckets + 1)] if buckets else [0, 0]
    found = {0, count - 1} if limit > 1 else set(range(limit))
    for begin, end in pairwise(edges):
        found |= _of_bucket(series, gaps, range(begin, end))
    return sorted(found)


def interrupted(steps: Sequence[bool], places: Sequence[int]) -> list[int]:
    """Which of the kept ``places``, by their number among them, no line reaches from the one kept before.

    Something between the two was left out that ends the line. ``steps``: whether a line goes from each place to the
    next.
    """
    pairs = enumerate(pairwise(places), start=1)
    return [number for number, (before, after) in pairs if after - before > 1 and not all(steps[before:after])]


def _of_bucket(series: Sequence[Values], gaps: Sequence[bool], places: range) -> set[int]:
    found = {place for place in places if gaps[place]}
    kept_here = {min(found)} if found else set()
    for values in series:
        present = [(value, place) for place in places if (value := values[place]) is not None]
        if present:
            kept_here |= {min(present)[1], max(present)[1]}
    return kept_here
