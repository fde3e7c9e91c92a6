"""Jitter and shimmer: how much one period of the voice differs from the next.

Periods are found as Praat's cross-correlation method does (Boersma and Weenink, "To PointProcess (cc)"): from the
middle of a voiced stretch outwards, the next period begins where the waveform resembles that around the last one most.
All stretches of a recording walk at once, so that a step is one array operation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference import scratch
from inference.biomarkers import pitch
from inference.biomarkers.contours import Contours

PERIOD_FACTOR = 1.3
AMPLITUDE_FACTOR = 1.6
"""Neighbours that differ by more are no neighbours but an error or a gap (the limits of Praat's voice report)."""

SEARCH = 0.2
"""How far a period may lie from that of the pitch contour, as a share of it."""

LEAST_LIKENESS = 0.5
"""Correlation below which two periods do not belong to one voice."""

SHORTEST = 5
"""Frames (50 ms) of a voiced stretch that is looked at."""

FEWEST = 20
"""Pairs of periods on which a value may rest."""

STRETCHES = 128
"""Stretches at once."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Periods along many stretches: ``period`` in samples and ``amplitude`` (RMS), both (steps, stretches), NaN where
    there is none.
    """

    period: NDArray[np.float64]
    amplitude: NDArray[np.float64]


def measures(samples: FloatArray, sample_rate: int, seen: Contours) -> dict[str, float | None]:
    """``jitter_local`` and ``shimmer_local`` of ``samples`` (n,), as shares; None where there is too little voice."""
    stretches, walks = _stretches(seen), []
    for start in range(0, len(stretches), STRETCHES):
        walks += [_walk(samples, sample_rate, seen, stretches[start : start + STRETCHES], way) for way in (1, -1)]
        scratch.release(samples)
    return {
        "jitter_local": _perturbation([walk.period for walk in walks], PERIOD_FACTOR),
        "shimmer_local": _perturbation([walk.amplitude for walk in walks], AMPLITUDE_FACTOR),
    }


def _perturbation(series: list[NDArray[np.float64]], factor: float) -> float | None:
    """Mean absolute difference of neighbours over their mean, leaving out pairs further apart than ``factor``."""
    pairs = [np.stack([one[:-1].ravel(), one[1:].ravel()]) for one in series]
    first, second = np.concatenate([np.zeros((2, 0)), *pairs], axis=1)
    alike = np.maximum(first, second) <= factor * np.minimum(first, second)
    if alike.sum() < FEWEST:
        return None
    return float(np.abs(first - second)[alike].mean() / ((first + second)[alike].mean() / 2))


def _stretches(seen: Contours) -> NDArray[np.int64]:
    """First and last frame of each voiced stretch, (stretches, 2), those of like pitch side by side."""
    step = np.diff(seen.centres, prepend=-1.0) < 1.5 * pitch.STEP_SECONDS
    begins = seen.voiced & ~(np.concatenate([[False], seen.voiced[:-1]]) & step)
    after = np.concatenate([seen.voiced[1:] & step[1:], [False]])
    found = np.stack([np.flatnonzero(begins), np.flatnonzero(seen.voiced & ~after)], axis=1)
    long = found[found[:, 1] - found[:, 0] >= SHORTEST]
    order = np.argsort(seen.f0[long.mean(axis=1).astype(np.int64)], kind="stable")
    return long[order]


def _walk(samples: FloatArray, sample_rate: int, seen: Contours, stretches: NDArray[np.int64], way: int) -> Walk:
    """From the middle of each stretch to its end (``way`` 1) or start (-1), one period a step."""
    edges = seen.centres[stretches] * sample_rate
    middle = stretches.mean(axis=1).astype(np.int64)
    longest = sample_rate / np.nanmin(seen.f0[seen.voiced], initial=pitch.CEILING)
    reach = int(longest * (1.5 + SEARCH)) + 2
    first, last = np.maximum(edges[:, 0], reach), np.minimum(edges[:, 1], len(samples) - reach)
    position = np.rint(seen.centres[middle] * sample_rate)
    periods, amplitudes = [], []
    active = np.ones(len(stretches), bool)
    while True:
        active &= (position >= first) & (position < last)
        if not active.any():
            break
        frame = stretches[:, 0] + np.rint((position - edges[:, 0]) / sample_rate / pitch.STEP_SECONDS).astype(np.int64)
        expected = sample_rate / seen.f0[np.clip(frame, stretches[:, 0], stretches[:, 1])].astype(np.float64)
        here = np.where(active, position, reach).astype(np.int64)
        period, likeness = _next_period(samples, here, expected, way)
        sure = active & (likeness >= LEAST_LIKENESS)
        periods.append(np.where(sure, period, np.nan))
        amplitudes.append(np.where(sure, _amplitude(samples, here, expected), np.nan))
        position = np.rint(position + way * np.where(sure, period, expected))
    nothing = np.zeros((0, len(stretches)))
    return Walk(np.stack(periods), np.stack(amplitudes)) if periods else Walk(nothing, nothing)


def _next_period(
    samples: FloatArray, here: NDArray[np.int64], expected: NDArray[np.float64], way: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the waveform is most like that around ``here``: the distance in samples, and the correlation."""
    half = np.rint(expected / 2).astype(np.int64)
    nearest = np.floor(expected * (1 - SEARCH)).astype(np.int64)
    count = int(np.ceil((expected * 2 * SEARCH).max())) + 2
    width = 2 * int(half.max()) + 1
    rows = np.lib.stride_tricks.sliding_window_view(samples, width)
    inside = np.arange(width) < 2 * half[:, None] + 1
    base = rows[here - half] * inside
    starts = (here - half)[:, None] + way * (nearest[:, None] + np.arange(count))
    offered = rows[np.clip(starts, 0, len(rows) - 1)] * inside[:, None, :]  # (stretches, distances, samples)
    product = np.einsum("skw,sw->sk", offered, base)
    energy = np.einsum("skw,skw->sk", offered, offered) * np.square(base).sum(axis=1, keepdims=True)
    likeness = (product / np.sqrt(np.maximum(energy, 1e-20))).astype(np.float64)
    likeness[np.arange(count) > (expected * 2 * SEARCH)[:, None] + 1] = -1.0
    best = np.clip(likeness.argmax(axis=1), 1, count - 2)
    each = np.arange(len(here))
    left, top, right = likeness[each, best - 1], likeness[each, best], likeness[each, best + 1]
    shift = 0.5 * (left - right) / np.minimum(left - 2 * top + right, -1e-12)
    return nearest + best + np.clip(shift, -1, 1), top


def _amplitude(samples: FloatArray, here: NDArray[np.int64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """RMS of one Hann-weighted period around ``here``, (stretches,)."""
    half = expected[:, None] / 2
    reach = int(half.max())
    offsets = np.arange(-reach, reach + 1)
    weight = np.where(np.abs(offsets) < half, 0.5 + 0.5 * np.cos(np.pi * offsets / half), 0.0)
    power = np.square(samples[here[:, None] + offsets], dtype=np.float64)
    found: NDArray[np.float64] = np.sqrt((power * weight).sum(axis=1) / weight.sum(axis=1))
    return found
