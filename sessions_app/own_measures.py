"""Where one session lies beside the patient's earlier ones: each acoustic measure, and each score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from inference.biomarkers.definitions import Definition
from inference.models import Analysis
from inference.results import HeadName
from sessions_app.baseline import Baseline, Side, of_score
from sessions_app.models import Recording, Session
from sessions_app.models.sessions import SessionQuerySet
from sessions_app.own_baseline import OwnBaseline, of_head, of_measure, own_baselines
from sessions_app.scores import ScoreGate
from sessions_app.trends import TrendPoint, points_of

LOOKED_AT = 40
"""Earlier sessions of one pipeline, or origin, among which the first `baseline.SESSIONS` that count are looked for."""

OF_PIPELINE = ("pipeline_version",)
OF_ORIGIN = (*OF_PIPELINE, "checkpoint_name", "checkpoint_version", "checkpoint_sha256")
"""What is the same in analyses of one `Analysis.origin_key`."""


@dataclass(frozen=True, slots=True)
class OwnBand:
    """How many earlier sessions count, and, where they suffice, where a further value is expected: see `baseline`."""

    sessions: int
    baseline: Baseline | None

    def side(self, value: float | None) -> Side | None:
        """Where ``value`` lies; ``None`` where there is none, or no baseline yet."""
        return None if self.baseline is None or value is None else self.baseline.side(value)


def earlier_points(session: Session, gate: ScoreGate) -> tuple[TrendPoint, ...]:
    """The recordings of the patient's sessions before ``session`` that count and may be shown, oldest first.

    Of those that can be compared with its own: measured by the same pipeline, or scored by the same checkpoint too.
    """
    before = Session.objects.visible_to(gate.user).filter(patient=session.patient_id, held_at__lt=session.held_at)
    before = before.order_by("held_at", "id")
    alike = Q(pk__in=[])
    for analysis in (one.analysis for one in session.recordings.all() if one.analysis):
        for names in (OF_PIPELINE, OF_ORIGIN):
            alike |= Q(id__in=_analysed_alike(before, analysis, names).values("id")[:LOOKED_AT])
    found = before.filter(alike).with_recordings("analysis__timings")
    return tuple(point for point in points_of(found, gate) if point.counts and gate.shows_voice(point.session))


def _analysed_alike(sessions: SessionQuerySet, analysis: Analysis, names: Iterable[str]) -> SessionQuerySet:
    same = {f"analysis__{name}": getattr(analysis, name) for name in names}
    return sessions.filter(Exists(Recording.objects.filter(session=OuterRef("id"), **same)))


def own_measure(points: Iterable[TrendPoint], definition: Definition, pipeline_version: str) -> OwnBand:
    """The band of one measure, in its unit, of those ``points`` that the same pipeline measured."""
    return _band(own_baselines(points, of_measure(definition)), pipeline_version)


def own_score(points: Iterable[TrendPoint], head: HeadName, origin_key: str) -> OwnBand:
    """The band of one score, in log-odds, of those ``points`` that have the same origin."""
    return _band(own_baselines(points, of_head(head)), origin_key)


def _band(found: Iterable[OwnBaseline], key: str) -> OwnBand:
    return next((OwnBand(own.sessions, own.baseline) for own in found if own.key == key), OwnBand(0, None))


def side_of_score(point: TrendPoint, band: OwnBand, head: HeadName) -> Side | None:
    """Where the score of ``point`` lies."""
    value = of_score(point.score(head))
    return band.side(value.value) if value else None
