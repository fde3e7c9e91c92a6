"""What the browser draws of a course: parallel lists over its points, numbers as they are read, nothing said twice.

The first time is in Unix seconds, each other in seconds since the one before. ``origins`` names what made the values,
and ``origin`` which of them made each point's: no line joins two. A session without a value stays in the lists, so that
no line runs over it; nor does one join a point that is ``poor``, whose words say why, or ``set_aside`` by a counselor.
``assumed``: nobody has confirmed which of two voices is the patient's. ``interrupted``: for each series the points that
no line reaches from the one before, because of sessions between them that were left out.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext

from inference.biomarkers.definitions import Definition
from inference.results import HEADS
from sessions_app import thinning
from sessions_app.instruments import DEFINITIONS
from sessions_app.models import Session
from sessions_app.own_baseline import OwnBaseline
from sessions_app.self_report import SelfReport, self_reports
from sessions_app.trends import Trend, TrendPoint, with_gaps

Data = dict[str, Any]

NO_SESSION = UUID(int=0)
"""Stands in the address of a session's page for its id."""


def chart_data(trend: Trend) -> Data:
    """The three scores with their intervals, and the totals of questionnaires."""
    points = with_gaps(trend.points)
    values: dict[str, list[float | None]] = {head: [point.score(head).value for point in points] for head in HEADS}
    places, interrupted = _thinned(points, values, lambda point: point.origin_key)
    shown = [points[place] for place in places]
    states = list(dict.fromkeys(point.score(head).state for point in shown for head in HEADS))
    return {
        **_places(shown, lambda point: (point.origin_key, point.origin)),
        "interrupted": interrupted,
        "states": states,
        "series": {
            head: {
                "value": [as_read(point.score(head).value) for point in shown],
                "low": [as_read(point.score(head).low) for point in shown],
                "high": [as_read(point.score(head).high) for point in shown],
                "state": [states.index(point.score(head).state) for point in shown],
            }
            for head in HEADS
        },
        "questionnaires": [_questionnaire(kind, one) for kind, one in self_reports(trend.questionnaires).items()],
    }


def measure_data(trend: Trend, definition: Definition) -> Data:
    """One acoustic measure, in its unit."""
    points = with_gaps(trend.points, lambda point: point.measure(definition.code) is not None)
    values = {definition.code: [point.measure(definition.code) for point in points]}
    places, interrupted = _thinned(points, values, lambda point: point.pipeline)
    shown = [points[place] for place in places]
    written = [point.measure(definition.code) for point in shown]
    return {
        **_places(shown, lambda point: (point.pipeline, _pipeline(point.pipeline))),
        "interrupted": interrupted,
        "series": {
            definition.code: {"value": [None if one is None else round(one, definition.decimals) for one in written]}
        },
    }


def _pipeline(version: str) -> str:
    return gettext("pipeline %(version)s") % {"version": version} if version else ""


def band(own: OwnBaseline, write: Callable[[float | None], float | None]) -> Data:
    """The band of a baseline, and when it holds. ``write``: how its edges are rounded."""
    begins, ends = int(own.begins.timestamp()), int(own.ends.timestamp())
    return {"begins": begins, "ends": ends, "low": write(own.low), "high": write(own.high)}


def stands_apart(point: TrendPoint) -> bool:
    """Whether no line may join it: its recording is poor, or a counselor has set it aside."""
    return bool(point.poor) or point.set_aside


def as_read(score: float | None) -> float | None:
    """A score to two decimals, which is how it is read. What is nearly 0 or 1 stays so."""
    if score is None:
        return None
    if 0.0 < score < 0.01:
        return 0.005
    return 0.995 if 0.99 < score < 1.0 else round(score, 2)


def _thinned(
    points: Sequence[TrendPoint], values: dict[str, list[float | None]], made_by: Callable[[TrendPoint], str]
) -> tuple[list[int], dict[str, list[int]]]:
    """The places that are sent, no more than can be told apart, and what is ``interrupted`` of each series.

    A line ends where there is no value, where something else made it, and at what stands apart.
    """
    apart = [stands_apart(point) for point in points]
    alike = [made_by(before) == made_by(after) for before, after in pairwise(points)]
    gaps = [apart[place] or all(one[place] is None for one in values.values()) for place in range(len(points))]
    places = thinning.kept(list(values.values()), gaps)

    def steps(series: list[float | None]) -> list[bool]:
        joins = [value is not None and not apart[place] for place, value in enumerate(series)]
        return [same and both for same, both in zip(alike, map(all, pairwise(joins)), strict=True)]

    return places, {code: thinning.interrupted(steps(series), places) for code, series in values.items()}


def id_as_sent(session: Session) -> str:
    """The id of ``session`` in base64, which is shorter."""
    return base64.urlsafe_b64encode(session.id.bytes).decode().rstrip("=")


def _places(points: Sequence[TrendPoint], origin: Callable[[TrendPoint], tuple[str, str]]) -> Data:
    origins = list(dict.fromkeys(origin(point) for point in points))
    poor = [(place, point.poor) for place, point in enumerate(points) if point.poor]
    words = list(dict.fromkeys(why for _, why in poor))
    return {
        "time": _times(point.session.held_at for point in points),
        "session": [id_as_sent(point.session) for point in points],
        "session_address": reverse("session", args=[NO_SESSION]),
        "part": {place: point.part for place, point in enumerate(points) if point.part},
        "assumed": [place for place, point in enumerate(points) if point.assumed],
        "poor": {place: words.index(why) for place, why in poor},
        "poor_words": words,
        "set_aside": [place for place, point in enumerate(points) if point.set_aside and point.measured],
        "origin": [origins.index(origin(point)) for point in points],
        "origins": [name for _, name in origins],
    }


def _questionnaire(kind: str, report: SelfReport) -> Data:
    """All of one kind if one has a total, those without among them, so that no line runs over such a one."""
    definition, responses = DEFINITIONS[kind], report.responses if report.complete else ()
    return {
        "kind": kind,
        "name": definition.name,
        "most": definition.most,
        "bands": [[band.low, band.high, str(band.words)] for band in definition.bands],
        "time": _times(response.answered_at for response in responses),
        "total": [response.total for response in responses],
    }


def _times(moments: Iterable[datetime]) -> list[int]:
    """The first, and how long after the one before each other was: shorter, for hundreds of them."""
    seconds = [int(moment.timestamp()) for moment in moments]
    return seconds[:1] + [after - before for before, after in pairwise(seconds)]
