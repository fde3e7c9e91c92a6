"""A patient's page: sessions newest first as one user may see them, and the data of the chart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from accounts.policy import Action, may
from inference.biomarkers.definitions import Definition
from inference.models import AnalysisJob, JobState
from inference.results import HeadName, Score
from sessions_app.annotations import Mark, marks_of
from sessions_app.baseline import SESSIONS
from sessions_app.care import sees_in_emergency
from sessions_app.chart import as_read, band, chart_data, measure_data
from sessions_app.checkpoint_labels import CheckpointLabel, labels_of
from sessions_app.dashboard.news import fingerprint
from sessions_app.dashboard.progress import Progress, progress_of, unheard_of
from sessions_app.dashboard.wording import (
    ASSUMED_SHORT,
    BASELINE_LEGEND,
    HEAD_WORDS,
    REVIEWED_SHORT,
    measure_meaning,
    measure_sentence,
    own_baseline_sentence,
)
from sessions_app.engine_words.measures import measure_label, measure_unit, repeatability
from sessions_app.engine_words.reasons import reason_words
from sessions_app.measures import MeasureGroup, measures_of, own_measure
from sessions_app.models import Patient, Recording, Session, Verdict
from sessions_app.models.sessions import SessionQuerySet
from sessions_app.own_baseline import OwnBaseline, newest_of, of_head, own_baselines
from sessions_app.scores import NO_CONSENT, ScoreGate, why_none_at_all
from sessions_app.summary import Statement, summary_of
from sessions_app.trends import Trend, TrendPoint, trend_of

NEWEST = 20
"""So many sessions are listed unless all are asked for."""

JUST_UPLOADED = timedelta(days=1)
"""Whoever brought in an old recording sees for so long what became of it."""

NO_CONSENT_FOR_ANY = gettext_lazy("Not shown: no consent to voice analysis covers the days of these sessions.")


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """One recording: how far it is, and its scores (none for staff, or until it is analysed).

    ``quality``: whether the voice can be heard well; ``assumed``: a few words where nobody has confirmed whose voice it
    is; ``reviewed``: what a counselor said. Each is empty where it may not be told.
    """

    recording: Recording
    progress: Progress
    scores: dict[HeadName, Score]
    doubts: dict[HeadName, str]
    quality: str = ""
    assumed: str = ""
    reviewed: str = ""

    @property
    def facts(self) -> tuple[object, ...]:
        """All that its row says, but for the percent of progress."""
        return (
            self.recording.id,
            self.recording.analysis_id,
            self.progress.facts,
            self.scores,
            self.quality,
            self.assumed,
            self.reviewed,
        )


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session with its recordings."""

    session: Session
    recordings: tuple[RecordingRow, ...]

    @property
    def facts(self) -> tuple[object, ...]:
        """All that its rows say, but for the percent of progress."""
        return self.session.id, self.session.held_at, [row.facts for row in self.recordings]


@dataclass(frozen=True, slots=True)
class SessionList:
    """Sessions of a patient, newest first; ``score_columns``: whether this user is shown scores at all.

    ``total`` sessions have ``recorded`` recordings, of which ``analysed`` have been analysed: when this changes, so
    does the chart. ``is_whole``: whether all were asked for.
    """

    rows: tuple[SessionRow, ...]
    score_columns: bool
    total: int
    recorded: int
    analysed: int
    is_whole: bool

    @property
    def recordings(self) -> list[RecordingRow]:
        """All recordings of the sessions that are listed."""
        return [recording for row in self.rows for recording in row.recordings]

    @property
    def any_open(self) -> bool:
        """Whether any analysis is still to come."""
        return any(row.progress.is_open for row in self.recordings)

    @property
    def left_out(self) -> int:
        """How many sessions are not listed."""
        return self.total - len(self.rows)

    @property
    def is_long(self) -> bool:
        """Whether some would be left out if not all had been asked for."""
        return self.is_whole and self.total > NEWEST

    @property
    def appearance(self) -> str:
        """Changes whenever a row would look different."""
        return fingerprint((self.facts, [row.progress.percent for row in self.recordings]))

    @property
    def facts(self) -> str:
        """Changes whenever a row says something else. How far a running analysis is by now says nothing new."""
        return fingerprint((self.score_columns, self.total, self.analysed, [row.facts for row in self.rows]))


def session_list(patient: Patient, user: User, *, everything: bool = False) -> SessionList:
    """The newest sessions of ``patient`` as ``user`` may see them, and those with an upload or analysis under way."""
    gate = ScoreGate.for_patient(user, patient.clinic, list(patient.consents.all()))
    found = Session.objects.visible_to(user).filter(patient=patient)
    succeeded = Q(recordings__job__state=JobState.SUCCEEDED)
    counts = found.order_by().aggregate(
        total=Count("id", distinct=True),
        recorded=Count("recordings", distinct=True),
        analysed=Count("recordings", filter=succeeded, distinct=True),
    )
    sessions = list((found if everything else _listed(found)).with_recordings())
    unheard = unheard_of(one.job for session in sessions for one in session.fetched_recordings)
    shown = _Shown(gate, unheard, may_name_channel=not sees_in_emergency(user, patient))
    rows = tuple(_session_row(session, shown) for session in sessions)
    columns = why_none_at_all(user, patient.clinic) is None
    return SessionList(rows, score_columns=columns, is_whole=everything, **counts)


def _listed(found: SessionQuerySet) -> SessionQuerySet:
    under_way = Q(recordings__job__in=AnalysisJob.objects.open())
    under_way |= Q(recordings__uploaded_at__gte=timezone.now() - JUST_UPLOADED)
    return found.filter(Q(id__in=found.values("id")[:NEWEST]) | under_way).distinct()


@dataclass(frozen=True, slots=True)
class _Shown:
    """What this user may be shown of all rows. ``unheard``: see `unheard_of`."""

    gate: ScoreGate
    unheard: set[UUID]
    may_name_channel: bool


def _session_row(session: Session, shown: _Shown) -> SessionRow:
    rows = (_recording_row(session, recording, shown) for recording in session.fetched_recordings)
    return SessionRow(session, tuple(rows))


def _recording_row(session: Session, recording: Recording, shown: _Shown) -> RecordingRow:
    gate = shown.gate
    progress = progress_of(
        recording.job,
        has_consent=gate.has_consent(session),
        may_name_channel=shown.may_name_channel,
        unheard=recording.job_id in shown.unheard,
    )
    if recording.analysis is None or not may(gate.user, Action.SEE_SCORES):
        return RecordingRow(recording, progress, {}, {})
    scores, doubts = gate.scores(session, recording.analysis), gate.doubts(session, recording.analysis)
    point = TrendPoint(session, recording, scores, gate)
    assumed = str(ASSUMED_SHORT) if point.assumed else ""
    reviewed = str(REVIEWED_SHORT[Verdict(point.review.verdict)]) if point.review and point.shown else ""
    return RecordingRow(recording, progress, scores, doubts, _quality(point), assumed, reviewed)


def _quality(point: TrendPoint) -> str:
    if point.poor:
        return gettext("Quality: poor, %(poor)s") % {"poor": point.poor}
    return gettext("Quality: good") if point.measured else ""


@dataclass(frozen=True, slots=True)
class Course:
    """What the chart shows: its data, the labels of the checkpoints, and why no score is shown (or ``None``).

    ``own``: for each score, where the newest sessions lie beside the patient's own baseline; ``measures``: what else
    can be chosen; ``summary``: what changed, in a few sentences; ``marks``: what happened on which day.
    """

    trend: Trend
    chart: dict[str, Any]
    checkpoints: list[CheckpointLabel]
    hidden: str | None
    own: list[str]
    measures: list[MeasureGroup]
    summary: list[Statement]
    marks: list[Mark]

    @property
    def shown(self) -> bool:
        """Whether there is a score to draw."""
        return any(point.shown for point in self.trend.points)

    @property
    def drawable(self) -> bool:
        """Whether there is anything to draw."""
        return self.shown or bool(self.measures) or any(one["total"] for one in self.chart["questionnaires"])

    @property
    def lanes(self) -> int:
        """How many questionnaires have totals, each of which takes some height."""
        return sum(bool(one["total"]) for one in self.chart["questionnaires"])


def course_of(patient: Patient, user: User) -> Course:
    """The chart of ``patient`` for ``user``, who may see scores by role."""
    trend, marks = trend_of(patient, user), marks_of(patient, user)
    own = {words.head: own_baselines(trend.points, of_head(words.head)) for words in HEAD_WORDS}
    hidden = why_none_at_all(user, patient.clinic) or _why_hidden(trend)
    shown = any(point.shown for point in trend.points)
    chart = {
        **chart_data(trend),
        "heads": _heads() if shown else [],
        "annotations": [_mark(mark) for mark in marks],
        "assumed_words": str(ASSUMED_SHORT),
        "set_aside_words": str(REVIEWED_SHORT[Verdict.SET_ASIDE]),
        "baseline": {head: [band(one, as_read) for one in found if one.baseline] for head, found in own.items()},
        "baseline_words": BASELINE_LEGEND % {"sessions": SESSIONS},
    }
    said = [] if hidden else own_in_words(own)
    found, summary = measures_of(trend.points), summary_of(trend)
    return Course(trend, chart, labels_of(_names(trend)), hidden, said, found, summary, marks)


def _mark(mark: Mark) -> dict[str, Any]:
    return {"time": int(mark.at.timestamp()), "kind": str(mark.kind), "text": mark.words}


def measure_chart(patient: Patient, user: User, definition: Definition) -> dict[str, Any]:
    """One measure of ``patient`` for the chart that ``user`` looks at."""
    trend = trend_of(patient, user)
    own = own_measure(trend.points, definition)

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, definition.decimals)

    return {
        **measure_data(trend, definition),
        "code": definition.code,
        "label": measure_label(definition),
        "unit": measure_unit(definition),
        "decimals": definition.decimals,
        "meaning": measure_meaning(definition),
        "repeatability": repeatability(),
        "baseline": {definition.code: [band(one, rounded) for one in own if one.baseline]},
        "own": measure_sentence(definition, own),
    }


def own_in_words(own: dict[HeadName, list[OwnBaseline]]) -> list[str]:
    """A sentence for each score that there is, by the checkpoint that heard the newest session."""
    newest = ((str(words.label), newest_of(own[words.head])) for words in HEAD_WORDS)
    return [own_baseline_sentence(label, found) for label, found in newest if found]


def _heads() -> list[dict[str, str]]:
    return [{name: str(value) for name, value in asdict(words).items()} for words in HEAD_WORDS]


def _names(trend: Trend) -> Iterable[str]:
    return [point.analysis.checkpoint_name for point in trend.points if point.shown and point.analysis]


def _why_hidden(trend: Trend) -> str | None:
    """The reason that the newest analysis has no score at all, if so."""
    done = [point for point in trend.points if point.scores]
    if not done or any(point.shown for point in done):
        return None
    reason = next(iter(done[-1].scores.values())).reason
    return str(NO_CONSENT_FOR_ANY) if reason == NO_CONSENT else reason_words(reason)
