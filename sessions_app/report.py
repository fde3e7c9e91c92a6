"""One patient's course in short, to be filed in a record: what the patient's page shows this user, and its origin.

Scores come through the same gate as on the page, so that a policy or a missing consent hides them here too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts import access_log
from accounts.models import User
from accounts.policy import Action
from inference.models import Analysis
from inference.results import HEADS, CheckpointIdentity, HeadName
from sessions_app.care import require_own_care
from sessions_app.models import Consent, Patient
from sessions_app.own_baseline import OwnBaseline, of_head, own_baselines
from sessions_app.scores import Heard, ScoreGate, why_none_at_all
from sessions_app.trends import Trend, TrendPoint, trend_of

SESSIONS_SHOWN = 10
"""The newest recordings that stand in the table; the charts hold all."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One recording. ``heard``: how long and how well, or ``None`` where that is not shown; ``doubts``: by score."""

    point: TrendPoint
    heard: Heard | None
    doubts: dict[HeadName, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """What made some of the scores, and from when to when their sessions were held."""

    checkpoint: CheckpointIdentity
    pipeline_version: str
    begins: datetime
    ends: datetime
    recordings: int


@dataclass(frozen=True, slots=True)
class Report:
    """What is filed. ``rows``: newest first; ``hidden``: why scores of nobody are shown to ``made_by``, or ``None``."""

    patient: Patient
    made_by: User
    made_at: datetime
    consents: list[Consent]
    trend: Trend
    own: dict[HeadName, list[OwnBaseline]]
    rows: list[ReportRow]
    origins: list[Origin]
    hidden: str | None

    @property
    def shown(self) -> bool:
        """Whether there is any score in it."""
        return bool(self.origins)

    @property
    def analysed(self) -> int:
        """How many recordings have been analysed, whether or not their scores are shown."""
        return sum(point.analysis is not None for point in self.trend.points)


def report_make(*, user: User, patient: Patient) -> Report:
    """The report on ``patient``, for somebody of the care team; it is in the log before it is made."""
    require_own_care(user, patient, Action.EXPORT_PATIENT)
    access_log.record(actor=user, action="export", object_kind="report", patient_id=patient.id)
    consents = list(patient.consents.all())
    trend = trend_of(patient, user)
    newest = [point for point in reversed(trend.points) if point.recording][:SESSIONS_SHOWN]
    gate = ScoreGate.for_patient(user, patient.clinic, consents)
    return Report(
        patient=patient,
        made_by=user,
        made_at=timezone.now(),
        consents=consents,
        trend=trend,
        own={head: own_baselines(trend.points, of_head(head)) for head in HEADS},
        rows=[_row(point, gate) for point in newest],
        origins=_origins(trend.points),
        hidden=why_none_at_all(user, patient.clinic),
    )


def _row(point: TrendPoint, gate: ScoreGate) -> ReportRow:
    analysis = point.analysis
    if analysis is None:
        return ReportRow(point, None, {})
    return ReportRow(point, gate.heard(point.session, analysis), gate.doubts(point.session, analysis))


def _origins(points: Iterable[TrendPoint]) -> list[Origin]:
    """Oldest first, of the scores that are shown."""
    found: dict[str, list[tuple[TrendPoint, Analysis]]] = {}
    for point in points:
        if point.shown and point.analysis:
            found.setdefault(point.origin_key, []).append((point, point.analysis))
    return [_origin(of_one) for of_one in found.values()]


def _origin(made: list[tuple[TrendPoint, Analysis]]) -> Origin:
    (first, analysis), (last, _) = made[0], made[-1]
    return Origin(
        analysis.checkpoint, analysis.pipeline_version, first.session.held_at, last.session.held_at, len(made)
    )
