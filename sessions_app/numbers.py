"""The course as a table: all that the chart shows, in the order of time, for reading and for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from accounts.languages import as_for_programs
from inference.biomarkers.definitions import DEFINITIONS
from inference.results import HEADS
from sessions_app.annotations import Mark
from sessions_app.models import QuestionnaireResponse
from sessions_app.trends import Trend, TrendPoint

MEASURES = tuple(f"{one.code}{'' if one.unit == '1' else f' ({one.unit})'}" for one in DEFINITIONS)
HEADINGS = (
    "time_utc",
    "what",
    "part",
    *(f"{head}{part}" for head in HEADS for part in ("", "_low", "_high", "_state")),
    "poor_recording",
    "voice_assumed",
    "review",
    "checkpoint",
    "pipeline",
    *MEASURES,
    "total",
    "severity",
    "event",
)
"""Columns of the spreadsheet."""

NOT_A_DIAGNOSIS = "Undertone supports a clinician's judgement. These numbers are not a diagnosis."


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a recording of a session (or a session without any), a questionnaire, or what happened on a day."""

    at: datetime
    point: TrendPoint | None = None
    response: QuestionnaireResponse | None = None
    mark: Mark | None = None


def entries_of(trend: Trend, marks: Iterable[Mark]) -> list[Entry]:
    """All lines, oldest first."""
    points = [Entry(point.session.held_at, point=point) for point in trend.points]
    responses = [Entry(response.answered_at, response=response) for response in trend.questionnaires]
    events = [Entry(mark.at, mark=mark) for mark in marks]
    return sorted([*points, *responses, *events], key=lambda entry: entry.at)


def cells_of(trend: Trend, marks: Iterable[Mark]) -> list[Iterable[object]]:
    """Lines of the spreadsheet, in English, each with a cell for every one of `HEADINGS`; last what they are not."""
    with as_for_programs():
        rows = [
            {"time_utc": entry.at.astimezone(UTC).isoformat(), **_cells(entry)} for entry in entries_of(trend, marks)
        ]
    return [HEADINGS, *([row.get(heading) for heading in HEADINGS] for row in rows), [NOT_A_DIAGNOSIS]]


def _cells(entry: Entry) -> dict[str, object]:
    if entry.point:
        return _point(entry.point)
    if entry.response:
        return _response(entry.response)
    return {"what": entry.mark.kind, "event": entry.mark.text} if entry.mark else {}


def _point(point: TrendPoint) -> dict[str, object]:
    row: dict[str, object] = {"what": "session", "part": point.part}
    if point.shown:
        for head in HEADS:
            score = point.score(head)
            row |= {head: score.value} | {f"{head}_{part}": getattr(score, part) for part in ("low", "high", "state")}
        row |= {"checkpoint": point.origin, "review": point.review.verdict if point.review else ""}
    if point.measured:
        row |= {"poor_recording": point.poor, "voice_assumed": "yes" if point.assumed else "no"}
        row |= {"pipeline": point.pipeline}
        columns = zip(DEFINITIONS, MEASURES, strict=True)
        row |= {heading: point.measure(definition.code) for definition, heading in columns}
    return row


def _response(response: QuestionnaireResponse) -> dict[str, object]:
    return {
        "what": response.definition.name,
        "total": response.total,
        "severity": response.severity,
    }
