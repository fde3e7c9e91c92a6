"""The patient's sessions with which one session is compared."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q

from inference.models import Analysis
from sessions_app.models import Recording, Session
from sessions_app.models.sessions import SessionQuerySet
from sessions_app.scores import ScoreGate
from sessions_app.trends import TrendPoint, points_of

LOOKED_AT = 40
"""Earlier sessions of one pipeline, or origin, among which the first `baseline.SESSIONS` that count are looked for."""

OF_PIPELINE = ("pipeline_version",)
OF_ORIGIN = (*OF_PIPELINE, "checkpoint_name", "checkpoint_version", "checkpoint_sha256")
"""What is the same in analyses of one `Analysis.origin_key`."""


def earlier_points(session: Session, gate: ScoreGate) -> tuple[TrendPoint, ...]:
    """The recordings of the patient's sessions before ``session`` that count and may be shown, oldest first.

    Of those that can be compared with its own: measured by the same pipeline, or scored by the same checkpoint too.
    """
    before = Session.objects.visible_to(gate.user).filter(patient=session.patient_id, held_at__lt=session.held_at)
    before = before.order_by("held_at", "id")
    alike = Q(pk__in=[])
    for analysis in (one.analysis for one in session.fetched_recordings if one.analysis):
        for names in (OF_PIPELINE, OF_ORIGIN):
            alike |= Q(id__in=_analysed_alike(before, analysis, names).values("id")[:LOOKED_AT])
    found = before.filter(alike).with_recordings("analysis__timings")
    return tuple(point for point in points_of(found, gate) if point.counts and gate.shows_voice(point.session))


def _analysed_alike(sessions: SessionQuerySet, analysis: Analysis, names: Iterable[str]) -> SessionQuerySet:
    same = {f"analysis__{name}": getattr(analysis, name) for name in names}
    return sessions.filter(Exists(Recording.objects.filter(session=OuterRef("id"), **same)))
