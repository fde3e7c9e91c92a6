"""A score over time as shapes of a small picture: intervals, points, lines of one checkpoint, the own baseline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from inference.results import HeadName, Score
from sessions_app.chart import stands_apart
from sessions_app.dashboard.wording import HeadWords, score_sentence
from sessions_app.own_baseline import OwnBaseline
from sessions_app.trends import TrendPoint, with_gaps

WIDTH, HEIGHT = 500, 88
LEFT, RIGHT, TOP, BOTTOM = 26, 8, 6, 16
LEVELS = (0.0, 0.5, 1.0)
COLOURS: dict[HeadName, str] = {"depression": "#0067a3", "valence": "#b34a00", "arousal": "#00795a"}
"""Those of the pages, in their light theme."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A session's score at ``x``: its value and its interval from ``low`` to ``high``.

    ``hollow``: it is indeterminate, or of a voice that nobody has confirmed; ``apart``: no line joins it.
    """

    x: float
    value: float
    low: float
    high: float
    hollow: bool
    apart: bool


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: an own baseline, for as long as its checkpoint was used."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ReportChart:
    """All shapes in units of a picture of ``WIDTH`` by ``HEIGHT``. ``words``: what is said in its place."""

    head: HeadWords
    colour: str
    words: str
    dots: list[Dot]
    lines: list[str]
    bands: list[Box]
    breaks: list[float]
    levels: list[tuple[str, float]]
    days: list[tuple[str, float, str]]


@dataclass(frozen=True, slots=True)
class _Axis:
    """Time from left to right; one moment alone stands in the middle."""

    begins: datetime
    ends: datetime

    def x(self, moment: datetime) -> float:
        """Where ``moment`` is."""
        whole = (self.ends - self.begins).total_seconds()
        share = (moment - self.begins).total_seconds() / whole if whole else 0.5
        return round(LEFT + 6 + share * (WIDTH - LEFT - RIGHT - 12), 1)


def report_chart(points: tuple[TrendPoint, ...], head: HeadWords, own: Iterable[OwnBaseline]) -> ReportChart:
    """The chart of one score; ``points`` (oldest first) hold at least one that is shown."""
    drawn = with_gaps(points)
    axis = _Axis(drawn[0].session.held_at, drawn[-1].session.held_at)
    return ReportChart(
        head=head,
        colour=COLOURS[head.head],
        words=_words(points, head),
        dots=list(_dots(drawn, head.head, axis)),
        lines=list(_lines(drawn, head.head, axis)),
        bands=[_band(one.low, one.high, one, axis) for one in own if one.low is not None and one.high is not None],
        breaks=list(_breaks(drawn, axis)),
        levels=[(f"{level:g}", _y(level)) for level in LEVELS],
        days=_days(axis),
    )


def _words(points: Sequence[TrendPoint], head: HeadWords) -> str:
    scored = [point for point in points if point.score(head.head).value is not None]
    if not scored:
        return gettext("%(score)s: no score in this time.") % {"score": head.label}
    first, last = scored[0], scored[-1]
    return gettext(
        "%(score)s from %(first)s to %(last)s, %(recordings)s recordings. Newest: %(newest)s. The table of sessions "
        "has the numbers."
    ) % {
        "score": head.label,
        "first": _day(first.session.held_at),
        "last": _day(last.session.held_at),
        "recordings": len(scored),
        "newest": score_sentence(last.score(head.head)) + (gettext("; set aside") if last.set_aside else ""),
    }


def _dots(drawn: Iterable[TrendPoint], head: HeadName, axis: _Axis) -> Iterator[Dot]:
    for point in drawn:
        score = point.score(head)
        if score.value is not None and score.low is not None and score.high is not None:
            x = axis.x(point.session.held_at)
            yield Dot(x, _y(score.value), _y(score.low), _y(score.high), _is_hollow(score, point), stands_apart(point))


def _is_hollow(score: Score, point: TrendPoint) -> bool:
    return score.state == "indeterminate" or not point.counts


def _lines(drawn: Iterable[TrendPoint], head: HeadName, axis: _Axis) -> Iterator[str]:
    """As SVG points: between neighbours of one checkpoint, over no gap and nothing that stands apart."""
    run: list[TrendPoint] = []
    for point in drawn:
        ends = point.score(head).value is None or stands_apart(point)
        if run and (ends or point.origin_key != run[-1].origin_key):
            yield _polyline(run, head, axis)
            run = []
        if not ends:
            run.append(point)
    yield _polyline(run, head, axis)


def _polyline(run: Iterable[TrendPoint], head: HeadName, axis: _Axis) -> str:
    return " ".join(f"{axis.x(point.session.held_at)},{_y(point.score(head).value or 0.0)}" for point in run)


def _breaks(drawn: Iterable[TrendPoint], axis: _Axis) -> Iterator[float]:
    """Half-way between two sessions of which different checkpoints made the scores."""
    scored = [point for point in drawn if point.shown]
    for before, after in pairwise(scored):
        if before.origin_key != after.origin_key:
            yield round((axis.x(before.session.held_at) + axis.x(after.session.held_at)) / 2, 1)


def _band(low: float, high: float, own: OwnBaseline, axis: _Axis) -> Box:
    begins, ends = axis.x(own.begins), axis.x(own.ends)
    return Box(begins, _y(high), round(ends - begins, 1), round(_y(low) - _y(high), 1))


def _days(axis: _Axis) -> list[tuple[str, float, str]]:
    """The first and the last day, and one between them where there is room."""
    if axis.begins == axis.ends:
        return [(_day(axis.begins), axis.x(axis.begins), "middle")]
    middle = axis.begins + (axis.ends - axis.begins) / 2
    places = ((axis.begins, "start"), (middle, "middle"), (axis.ends, "end"))
    return [(_day(moment), axis.x(moment), anchor) for moment, anchor in places]


def _y(value: float) -> float:
    return round(HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM), 1)


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "j M Y")
