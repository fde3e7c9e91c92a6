"""What went with a score: the windows that lie furthest from it.

A session's score is the mean of its windows, weighted by the seconds of speech in each (`inference.aggregate`). Those
seconds are not stored, and a window holds equally much of the patient's turns by construction (`inference.windows`). So
which windows moved the score most cannot be said, only which differ most from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inference import results
from inference.results import HeadName, Score
from sessions_app.baseline import Side

WINDOWS = 3
LEAST = 0.01
"""Windows nearer than this to the score are written as it is."""


@dataclass(frozen=True, slots=True)
class FarWindow:
    """A window, in seconds, its value (0..1), and whether that lies above the session's score or below."""

    start: float
    end: float
    value: float
    side: Side


def furthest_windows(windows: results.Timeline, head: HeadName, score: Score) -> tuple[FarWindow, ...]:
    """The `WINDOWS` windows that lie furthest from ``score`` and do not overlap, in the order of their time."""
    if score.value is None:
        return ()
    middle, chosen = score.value, list[FarWindow]()
    for window in sorted(_windows(windows, head, middle), key=lambda one: -abs(one.value - middle)):
        if len(chosen) < WINDOWS and not _overlaps(window, chosen):
            chosen.append(window)
    return tuple(sorted(chosen, key=lambda one: one.start))


def _windows(windows: results.Timeline, head: HeadName, score: float) -> Iterator[FarWindow]:
    values: tuple[float | None, ...] = getattr(windows, head)
    for start, end, value in zip(windows.start, windows.end, values, strict=True):
        if value is not None and abs(value - score) >= LEAST:
            yield FarWindow(start, end, value, Side.ABOVE if value > score else Side.BELOW)


def _overlaps(window: FarWindow, chosen: Sequence[FarWindow]) -> bool:
    return any(window.start < other.end and other.start < window.end for other in chosen)
