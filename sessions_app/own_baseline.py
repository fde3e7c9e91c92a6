"""Where a patient's sessions lie beside the patient's own baseline: of each score and each acoustic measure.

Scores of two checkpoints are never compared, measures of two pipelines neither.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from inference.biomarkers.definitions import Definition
from inference.results import HeadName
from sessions_app.baseline import (
    SESSIONS,
    Baseline,
    Side,
    Value,
    baseline_of,
    departure,
    log_odds,
    of_score,
    probability,
)
from sessions_app.models import Session
from sessions_app.trends import TrendPoint

Read = tuple[TrendPoint, Value]
"""A point and its value, as it is compared."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """How points are compared.

    ``read``: a point's value on a scale on which differences count alike everywhere, where all lie between ``least``
    and ``most``; ``back``: from there to its own scale; ``key``: only values of one key are compared.
    """

    read: Callable[[TrendPoint], Value | None]
    key: Callable[[TrendPoint], str]
    back: Callable[[float], float] = float
    least: float = -math.inf
    most: float = math.inf


def of_head(head: HeadName) -> Yardstick:
    """A score is compared in log-odds with others of its checkpoint."""
    return Yardstick(
        read=lambda point: of_score(point.score(head)),
        key=lambda point: point.origin_key,
        back=probability,
        least=log_odds(0.0),
        most=log_odds(1.0),
    )


def of_measure(definition: Definition) -> Yardstick:
    """A measure is compared in its own unit with others of its pipeline, and no finer than it is written."""
    half = 0.5 * 10**-definition.decimals

    def read(point: TrendPoint) -> Value | None:
        value = point.measure(definition.code)
        return None if value is None else Value(value, value - half, value + half)

    return Yardstick(read, lambda point: point.pipeline, definition.limited)


@dataclass(frozen=True, slots=True)
class OwnBaseline:
    """The sessions of one key: from when to when, how many count, and their baseline if they suffice.

    ``counted``: the sessions that count, oldest first, with their values as they are compared; ``side``: the edge
    beyond which the newest of them lie, if they do.
    """

    key: str
    begins: datetime
    ends: datetime
    counted: tuple[tuple[Session, Value], ...]
    baseline: Baseline | None
    side: Side
    yardstick: Yardstick

    @property
    def sessions(self) -> int:
        """How many count."""
        return len(self.counted)

    def side_of(self, value: float | None) -> Side | None:
        """Where a ``value``, as it is compared, lies; ``None`` where there is none, or no baseline yet."""
        return None if self.baseline is None or value is None else self.baseline.side(value)

    @property
    def holds_everything(self) -> bool:
        """Whether the first sessions differ so much that no value can lie beyond it: it can show no change."""
        baseline, scale = self.baseline, self.yardstick
        return baseline is not None and baseline.low <= scale.least and baseline.high >= scale.most

    @property
    def low(self) -> float | None:
        """The lower edge, on the value's own scale."""
        return None if self.baseline is None else self.yardstick.back(self.baseline.low)

    @property
    def high(self) -> float | None:
        """The upper edge, on the value's own scale."""
        return None if self.baseline is None else self.yardstick.back(self.baseline.high)

    @property
    def center(self) -> float | None:
        """The middle of the first sessions, on the value's own scale."""
        return None if self.baseline is None else self.yardstick.back(self.baseline.center)

    @property
    def beyond(self) -> tuple[float, ...]:
        """The values of ``departed``, on their own scale."""
        return tuple(self.yardstick.back(value.value) for _, value in self._departed)

    @property
    def departed(self) -> tuple[Session, ...]:
        """The newest sessions that all lie beyond ``side``, oldest first."""
        return tuple(session for session, _ in self._departed)

    @property
    def _departed(self) -> tuple[tuple[Session, Value], ...]:
        baseline, side = self.baseline, self.side
        if baseline is None or side is Side.WITHIN:
            return ()
        newest_first = takewhile(lambda one: baseline.side(one[1].value) is side, reversed(self.counted[SESSIONS:]))
        return tuple(newest_first)[::-1]

    @property
    def missing(self) -> int:
        """How many sessions there are too few."""
        return max(0, SESSIONS - self.sessions)


def own_baselines(points: Iterable[TrendPoint], yardstick: Yardstick) -> list[OwnBaseline]:
    """Those of one score or measure, oldest first, of ``points`` in the order of their time.

    A recording of poor quality does not count, nor one in which nobody has confirmed which voice is the patient's,
    nor one that a counselor has set aside.
    """
    of_keys: dict[str, list[Read]] = {}
    for point in points:
        value = yardstick.read(point)
        if value is not None:
            of_keys.setdefault(yardstick.key(point), []).append((point, value))
    return [_own_baseline(key, found, yardstick) for key, found in of_keys.items()]


def own_baseline_of(points: Iterable[TrendPoint], yardstick: Yardstick, key: str) -> OwnBaseline | None:
    """That of one checkpoint or pipeline, or ``None`` where it heard none of ``points``."""
    return next((own for own in own_baselines(points, yardstick) if own.key == key), None)


def newest_of(found: Iterable[OwnBaseline]) -> OwnBaseline | None:
    """That of the checkpoint or pipeline which heard the newest session, or ``None``.

    It need not be the last to appear: any old session may be analysed again by another.
    """
    return max(found, key=lambda own: own.ends, default=None)


def _own_baseline(key: str, read: Sequence[Read], yardstick: Yardstick) -> OwnBaseline:
    counted = _by_session(read)
    values = [value for _, value in counted]
    begins, ends = read[0][0].session.held_at, read[-1][0].session.held_at
    return OwnBaseline(key, begins, ends, counted, baseline_of(values), departure(values), yardstick)


def _by_session(read: Iterable[Read]) -> tuple[tuple[Session, Value], ...]:
    """Each session with one value; several recordings of one are not several sessions."""
    sessions: dict[Session, list[Value]] = {}
    for point, value in read:
        if point.counts:
            sessions.setdefault(point.session, []).append(value)
    return tuple((session, _mean(found)) for session, found in sessions.items())


def _mean(values: Sequence[Value]) -> Value:
    number = len(values)
    if number == 1:
        return values[0]
    return Value(
        *(sum(part) / number for part in zip(*((one.value, one.low, one.high) for one in values), strict=True))
    )
