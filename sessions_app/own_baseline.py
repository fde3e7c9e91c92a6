"""Where a patient's sessions lie beside the patient's own baseline, for each score and each checkpoint that made it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from inference.results import HeadName
from sessions_app.baseline import SESSIONS, Baseline, Side, Value, baseline_of, departure, of_score, probability
from sessions_app.models import Session
from sessions_app.trends import TrendPoint


@dataclass(frozen=True, slots=True)
class OwnBaseline:
    """The sessions of one `Analysis.origin_key`: from when to when, how many count, and their baseline if they suffice.

    ``side``: the edge beyond which the newest sessions lie, if they do; ``departed``: these, without a break, oldest
    first.
    """

    origin_key: str
    begins: datetime
    ends: datetime
    sessions: int
    baseline: Baseline | None
    side: Side
    departed: tuple[Session, ...] = ()

    @property
    def low(self) -> float | None:
        """The lower edge, as a score."""
        return None if self.baseline is None else probability(self.baseline.low)

    @property
    def high(self) -> float | None:
        """The upper edge, as a score."""
        return None if self.baseline is None else probability(self.baseline.high)

    @property
    def missing(self) -> int:
        """How many sessions there are too few."""
        return max(0, SESSIONS - self.sessions)


def own_baselines(points: Iterable[TrendPoint], head: HeadName) -> list[OwnBaseline]:
    """Those of one score, oldest first, of ``points`` in the order of their time.

    A recording of poor quality does not count, nor one in which nobody has confirmed which voice is the patient's,
    nor one that a counselor has set aside.
    """
    of_origins: dict[str, list[TrendPoint]] = {}
    for point in points:
        if point.score(head).value is not None:
            of_origins.setdefault(point.origin_key, []).append(point)
    return [_own_baseline(key, found, head) for key, found in of_origins.items()]


def _own_baseline(key: str, points: Sequence[TrendPoint], head: HeadName) -> OwnBaseline:
    sessions = _by_session(points, head)
    values = [value for _, value in sessions]
    baseline, side = baseline_of(values), departure(values)
    begins, ends = points[0].session.held_at, points[-1].session.held_at
    return OwnBaseline(key, begins, ends, len(values), baseline, side, _departed(sessions, baseline, side))


def _departed(sessions: Sequence[tuple[Session, Value]], baseline: Baseline | None, side: Side) -> tuple[Session, ...]:
    if baseline is None or side is Side.WITHIN:
        return ()
    beyond = takewhile(lambda one: baseline.side(one[1].value) is side, reversed(sessions[SESSIONS:]))
    return tuple(session for session, _ in beyond)[::-1]


def _by_session(points: Iterable[TrendPoint], head: HeadName) -> list[tuple[Session, Value]]:
    """Each session with one value; several recordings of one are not several sessions."""
    sessions: dict[Session, list[Value]] = {}
    for point in points:
        value = of_score(point.score(head))
        if value is not None and point.counts:
            sessions.setdefault(point.session, []).append(value)
    return [(session, _mean(found)) for session, found in sessions.items()]


def _mean(values: Sequence[Value]) -> Value:
    number = len(values)
    return Value(
        *(sum(part) / number for part in zip(*((one.value, one.low, one.high) for one in values), strict=True))
    )
