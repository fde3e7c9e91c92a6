"""Why a score is as it is: the windows that weigh most in it.

A session's score is the mean of its windows (`inference.aggregate`), so those furthest from it moved it most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inference import results
from inference.results import HeadName, Score
from sessions_app.baseline import Side

WINDOWS = 3
LEAST = 0.01
"""Windows nearer than this to the score are written as it is, and weigh nothing."""


@dataclass(frozen=True, slots=True)
class WeighingWindow:
    """A window, in seconds, its value (0..1), and whether that lies above the session's score or below."""

    start: float
    end: float
    value: float
    side: Side


def weighing_windows(windows: results.Timeline, head: HeadName, score: Score) -> tuple[WeighingWindow, ...]:
    """The `WINDOWS` windows that lie furthest from ``score`` and do not overlap, in the order of their time."""
    if score.value is None:
        return ()
    middle, chosen = score.value, list[WeighingWindow]()
    for window in sorted(_windows(windows, head, middle), key=lambda one: -abs(one.value - middle)):
        if len(chosen) < WINDOWS and not _overlaps(window, chosen):
            chosen.append(window)
    return tuple(sorted(chosen, key=lambda one: one.start))


def _windows(windows: results.Timeline, head: HeadName, score: float) -> Iterator[WeighingWindow]:
    values: tuple[float | None, ...] = getattr(windows, head)
    for start, end, value in zip(windows.start, windows.end, values, strict=True):
        if value is not None and abs(value - score) >= LEAST:
            yield WeighingWindow(start, end, value, Side.ABOVE if value > score else Side.BELOW)


def _overlaps(window: WeighingWindow, chosen: Sequence[WeighingWindow]) -> bool:
    return any(window.start < other.end and other.start < window.end for other in chosen)
