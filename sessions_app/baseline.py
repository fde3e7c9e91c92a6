"""A patient's own baseline: what the first sessions say a further one may be without anything having changed.

The band is the 90 % prediction interval for one more value of the same normal distribution (Hahn & Meeker 1991,
Statistical Intervals, ch. 4): mean ± t(0.95, n - 1) · s · √(1 + 1/n). ``s`` is never below what the values' own
intervals say that each is uncertain by. Scores are taken in log-odds, where a difference near 0 or 1 counts as one in
the middle.

With `SESSIONS` = 4, about one in six patients of whom nothing changes has two sessions in a row beyond the same edge of
one score within twenty sessions, and half of those whose values shift by 1.5 SD do; in one or another of three scores
that have nothing to do with each other, two in five do by chance (`tests/sessions_app/test_baseline.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from inference.results import Score

SESSIONS = 4
"""The first sessions that make the baseline."""

T_95 = 2.3534
"""95 % quantile of Student's t with `SESSIONS` - 1 degrees of freedom."""

NORMAL_95 = 1.6449
IN_A_ROW = 2
WITHIN = 20
"""Sessions after the baseline for which it is known how often chance departs."""

EDGE = 0.005
"""Scores nearer than this to 0 or 1 are taken as this, for log-odds have no end."""


class Side(StrEnum):
    """Where a value lies: beyond an edge of the band, or within."""

    ABOVE = "above"
    BELOW = "below"
    WITHIN = "within"


@dataclass(frozen=True, slots=True)
class Value:
    """One session's value and its 90 % interval, on a scale on which differences count alike everywhere."""

    value: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """SD that the interval stands for."""
        return (self.high - self.low) / (2 * NORMAL_95)


@dataclass(frozen=True, slots=True)
class Baseline:
    """``low``..``high``: where a further session lies in nine of ten cases if nothing changed, around ``center``."""

    center: float
    low: float
    high: float

    def side(self, value: float) -> Side:
        """Where ``value`` lies."""
        if value > self.high:
            return Side.ABOVE
        return Side.BELOW if value < self.low else Side.WITHIN


def of_score(score: Score) -> Value | None:
    """A score in log-odds, or ``None`` where there is none."""
    if score.value is None or score.low is None or score.high is None:
        return None
    return Value(log_odds(score.value), log_odds(score.low), log_odds(score.high))


def log_odds(score: float) -> float:
    """Of a score in 0..1, with `EDGE` kept from both ends."""
    kept = min(max(score, EDGE), 1 - EDGE)
    return math.log(kept / (1 - kept))


def probability(odds: float) -> float:
    """The score whose log-odds these are."""
    return 1 / (1 + math.exp(-odds))


def baseline_of(values: Sequence[Value]) -> Baseline | None:
    """The baseline of a patient whose sessions have ``values``, oldest first; ``None`` with fewer than `SESSIONS`."""
    first = values[:SESSIONS]
    if len(first) < SESSIONS:
        return None
    center = math.fsum(one.value for one in first) / SESSIONS
    spread = math.fsum((one.value - center) ** 2 for one in first) / (SESSIONS - 1)
    error = math.fsum(one.error**2 for one in first) / SESSIONS
    away = T_95 * math.sqrt(max(spread, error) * (1 + 1 / SESSIONS))
    return Baseline(center, center - away, center + away)


def departure(values: Sequence[Value]) -> Side:
    """The edge beyond which the newest `IN_A_ROW` sessions after the baseline all lie, or ``WITHIN``."""
    baseline, after = baseline_of(values), values[SESSIONS:]
    if baseline is None or len(after) < IN_A_ROW:
        return Side.WITHIN
    sides = {baseline.side(one.value) for one in after[-IN_A_ROW:]}
    return sides.pop() if len(sides) == 1 else Side.WITHIN
