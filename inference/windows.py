"""Equal-length windows over the patient's turns.

The turns are laid end to end on one axis, inner pauses kept, because pauses are part of how a person sounds; what lies
between turns (other voices, long silence) is left out. Windows are equal in length, so no padding can move a score, and
they depend on the turns relative to each other alone, so a longer file around the same speech changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.results import Span

WINDOW_SECONDS = 6.0
HOP_SECONDS = 3.0

_TICKS = 2_000_000
"""Ticks per second: whole numbers for a millisecond and for a sample at 16 kHz, so sums of times are exact."""


class TimeRange(Protocol):
    """Anything with a start and an end in seconds (a ``Span``, a ``Turn``)."""

    @property
    def start(self) -> float:
        """Seconds from the start of the recording."""

    @property
    def end(self) -> float:
        """Seconds from the start of the recording."""


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of the patient's turns: ``pieces`` in recording time, and the seconds of voice in them."""

    pieces: tuple[Span, ...]
    speech_seconds: float

    @property
    def start(self) -> float:
        """Recording time, in seconds, at which the first piece starts."""
        return self.pieces[0].start

    @property
    def end(self) -> float:
        """Recording time, in seconds, at which the last piece ends."""
        return self.pieces[-1].end


def windows_over(turns: Sequence[TimeRange], speech: Sequence[TimeRange]) -> tuple[Window, ...]:
    """Windows of ``WINDOW_SECONDS`` every ``HOP_SECONDS`` over ``turns`` laid end to end.

    The last window is aligned to the end of the last turn. Turns that are together shorter than a window give one
    shorter window; no turns give none. ``speech`` (voice activity) decides each window's ``speech_seconds``.
    """
    ranges = _merged(turns)
    voiced_before = _coverage(_merged(speech))
    offsets = np.concatenate([[0], np.cumsum([end - start for start, end in ranges])]).astype(np.int64)
    return tuple(
        _window(_pieces(ranges, offsets, start, end), voiced_before) for start, end in _bounds(int(offsets[-1]))
    )


def cut(samples: NDArray[np.float32], sample_rate: int, window: Window) -> NDArray[np.float32]:
    """The samples of one window, its pieces joined: (n,) to (m,), ``WINDOW_SECONDS * sample_rate`` for a full window.

    Rounding happens on the joined axis, so that a window of many pieces is not a sample longer or shorter.
    """
    joined = np.cumsum([0.0, *(piece.duration for piece in window.pieces)])
    borders = np.rint(joined * sample_rate).astype(int)
    lengths = np.diff(borders)
    parts = [_take(samples, piece.start * sample_rate, int(n)) for piece, n in zip(window.pieces, lengths, strict=True)]
    return np.concatenate(parts)


def _take(samples: NDArray[np.float32], position: float, length: int) -> NDArray[np.float32]:
    start = max(0, min(round(position), len(samples) - length))
    return samples[start : start + length]


def _merged(ranges: Sequence[TimeRange]) -> list[tuple[int, int]]:
    """Sorted (start, end) in ticks; ranges that overlap or touch become one, empty ones vanish."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((round(r.start * _TICKS), round(r.end * _TICKS)) for r in ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


def _bounds(total: int) -> list[tuple[int, int]]:
    """Start and end of each window on the joined axis, in ticks."""
    length, hop = round(WINDOW_SECONDS * _TICKS), round(HOP_SECONDS * _TICKS)
    if total <= length:
        return [(0, total)] if total else []
    starts = list(range(0, total - length + 1, hop))
    if starts[-1] + length < total:
        starts.append(total - length)
    return [(start, start + length) for start in starts]


def _pieces(ranges: list[tuple[int, int]], offsets: NDArray[np.int64], start: int, end: int) -> tuple[Span, ...]:
    """Recording times of ``start``..``end`` on the joined axis."""
    first = int(np.searchsorted(offsets, start, side="right")) - 1
    last = int(np.searchsorted(offsets, end, side="left"))
    pieces = []
    for (range_start, range_end), offset in zip(ranges[first:last], offsets[first:last], strict=True):
        piece_start = range_start + max(0, start - int(offset))
        piece_end = min(range_end, range_start + end - int(offset))
        pieces.append(Span(piece_start / _TICKS, piece_end / _TICKS))
    return tuple(pieces)


def _coverage(ranges: list[tuple[int, int]]) -> Callable[[float], float]:
    """A function of recording time: seconds of ``ranges`` before it."""
    borders = np.array([tick for pair in ranges for tick in pair], dtype=np.float64) / _TICKS
    steps = np.array([length for start, end in ranges for length in (0, end - start)], dtype=np.float64) / _TICKS
    covered = np.cumsum(steps)
    if not len(borders):
        return lambda _: 0.0
    return lambda time: float(np.interp(time, borders, covered))


def _window(pieces: tuple[Span, ...], voiced_before: Callable[[float], float]) -> Window:
    return Window(pieces, sum(voiced_before(piece.end) - voiced_before(piece.start) for piece in pieces))
