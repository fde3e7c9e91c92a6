"""From scores per window to one score per recording, with an interval and a state.

The interval is a moving block bootstrap (Kuensch 1989): blocks of neighbouring windows are drawn, because neighbours
overlap and are not independent. Few windows show little of their own spread, so the interval is never narrower than the
spread that the checkpoint showed on its validation data allows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.results import Score, ScoreState

COVERAGE = 0.90
DRAWS = 1000
UNKNOWN_WINDOW_SD = 0.6
"""Spread of one window's log-odds assumed for a checkpoint that does not say: wide, so that doubt stays visible."""

_NORMAL_QUANTILE = 1.6449
_SURE = 1e-4
_SEED = 20_240_501
_OVERLAP = 2
"""Windows that cover one moment: neighbours that far apart share no samples."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Below ``low`` a score counts as low, above ``high`` as elevated, both in 0..1."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.low <= self.high <= 1.0:
            raise ValueError(f"thresholds need 0 <= low <= high <= 1, not {self.low} and {self.high}")


def aggregate(
    values: NDArray[np.float32] | None,
    weights: NDArray[np.floating],
    thresholds: Thresholds,
    *,
    reliable: bool,
    missing_reason: str,
    window_sd: float = UNKNOWN_WINDOW_SD,
) -> Score:
    """The score of a recording from its windows.

    ``values``: (n,) in 0..1 in recording order, or ``None`` when the checkpoint lacks the head; ``weights``: (n,)
    seconds of speech per window; ``window_sd``: spread of one window's log-odds, from the checkpoint. A score that is
    not ``reliable`` (a quality check failed) is indeterminate. Without values or speech the score is unavailable, for
    ``missing_reason``. Raises ``ValueError`` for values or weights that are not finite or do not match.
    """
    if values is None or len(values) == 0 or not np.sum(weights) > 0:
        return Score.unavailable(missing_reason)
    scores, seconds = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    _check(scores, seconds)
    value = float(np.average(scores, weights=seconds))
    low, high = _interval(scores, seconds, value, window_sd)
    return Score(value, low, high, _state(low, high, thresholds, reliable))


def _check(scores: NDArray[np.float64], seconds: NDArray[np.float64]) -> None:
    if scores.shape != seconds.shape or not np.isfinite(scores).all() or not np.isfinite(seconds).all():
        raise ValueError("window scores and weights must be finite and of the same length")
    if (seconds < 0).any():
        raise ValueError("weights are seconds of speech and cannot be negative")


def _state(low: float, high: float, thresholds: Thresholds, reliable: bool) -> ScoreState:
    if not reliable:
        return "indeterminate"
    if high < thresholds.low:
        return "low"
    return "elevated" if low > thresholds.high else "indeterminate"


def _interval(
    scores: NDArray[np.float64], seconds: NDArray[np.float64], value: float, window_sd: float
) -> tuple[float, float]:
    """90 % interval around ``value``, within 0..1, at least as wide as ``window_sd`` allows.

    That spread is in log-odds: near 0 and 1 a score moves less for the same change of voice.
    """
    tail = (1.0 - COVERAGE) / 2
    drawn_low, drawn_high = np.quantile(_bootstrap_means(scores, seconds), [tail, 1.0 - tail])
    floor = _NORMAL_QUANTILE * window_sd / math.sqrt(_independent_windows(seconds))
    low, high = _moved(value, -floor), _moved(value, floor)
    return min(float(drawn_low), value, low), max(float(drawn_high), value, high)


def _moved(value: float, step: float) -> float:
    """``value`` in 0..1, moved by ``step`` in log-odds."""
    odds = math.log(max(value, _SURE) / max(1 - value, _SURE))
    return 1 / (1 + math.exp(-(odds + step)))


def _independent_windows(seconds: NDArray[np.float64]) -> float:
    """How many windows without overlap, all equally weighted, would carry as much as these (Kish's count)."""
    effective = float(np.sum(seconds) ** 2 / np.sum(seconds**2))
    return 1.0 + (effective - 1.0) / _OVERLAP


def _bootstrap_means(scores: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted means, (DRAWS,), of series put together from random blocks; the same input gives the same draws."""
    count = len(scores)
    block = min(count, max(_OVERLAP, math.ceil(count ** (1 / 3))))
    # Circular blocks: every window is drawn equally often, also the first and the last.
    starts = np.random.default_rng(_SEED).integers(0, count, size=(DRAWS, math.ceil(count / block)))
    # (DRAWS, blocks, 1) + (block,) -> (DRAWS, blocks * block) -> the first ``count`` of each row
    chosen = ((starts[:, :, None] + np.arange(block)) % count).reshape(DRAWS, -1)[:, :count]
    totals = seconds[chosen].sum(axis=1)
    means = (scores[chosen] * seconds[chosen]).sum(axis=1) / np.where(totals > 0, totals, 1.0)
    drawn: NDArray[np.float64] = means[totals > 0]
    return drawn
