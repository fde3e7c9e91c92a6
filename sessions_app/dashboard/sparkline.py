"""A line of the last scores, small enough for a table cell, as points of an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 96, 36, 3


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Lines as SVG ``points``, one per run of one checkpoint without gaps; ``x``, ``y``: the last dot."""

    lines: tuple[str, ...]
    dots: tuple[tuple[str, str], ...]
    x: str
    y: str


def sparkline(values: Sequence[float | None], origins: Sequence[str], apart: Sequence[bool]) -> Sparkline | None:
    """Draw ``values`` (0..1, oldest first), or ``None`` if there is none.

    A line never joins two ``origins``, crosses a gap, or joins a value that stands ``apart``.
    """
    places = [_place(index, len(values), value) for index, value in enumerate(values)]
    if not any(places):
        return None
    runs = _runs(places, origins, apart)
    last = next(place for place in reversed(places) if place)
    return Sparkline(
        lines=tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1),
        dots=tuple(run[0] for run in runs if len(run) == 1),
        x=last[0],
        y=last[1],
    )


def _place(index: int, count: int, value: float | None) -> tuple[str, str] | None:
    if value is None:
        return None
    x = WIDTH - MARGIN - (count - 1 - index) * (WIDTH - 2 * MARGIN) / max(count - 1, 1)
    y = HEIGHT - MARGIN - value * (HEIGHT - 2 * MARGIN)
    return f"{x:.1f}", f"{y:.1f}"


def _runs(
    places: Sequence[tuple[str, str] | None], origins: Sequence[str], apart: Sequence[bool]
) -> list[list[tuple[str, str]]]:
    runs: list[list[tuple[str, str]]] = []
    joined_to = None
    for place, origin, is_apart in zip(places, origins, apart, strict=True):
        if place is None:
            joined_to = None
            continue
        if joined_to != origin or is_apart:
            runs.append([])
        runs[-1].append(place)
        joined_to = None if is_apart else origin
    return runs
