"""The page of one session: each recording with what was measured in it, as one user may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.policy import Action, may
from inference import results
from inference.models import Analysis, JobState, Timeline
from inference.results import HeadName, Measure, Score
from inference.score_words import number
from sessions_app.care import sees_in_emergency
from sessions_app.checkpoint_labels import CheckpointLabel, labels_of
from sessions_app.dashboard.audio_words import audio_sentence
from sessions_app.dashboard.measure_rows import MeasureRow, measure_rows
from sessions_app.dashboard.patient_panel import PatientPanel, patient_panel
from sessions_app.dashboard.progress import Progress, progress_of, unheard_of
from sessions_app.dashboard.review_panel import ReviewForm, ReviewPanel, review_panel
from sessions_app.dashboard.turn_rows import TurnRow, turn_rows
from sessions_app.dashboard.why_panel import WhyPanel, why_panels
from sessions_app.dashboard.wording import HEAD_WORDS, LONGER_WAS_CHOSEN, SPEAKER_METHODS, clock
from sessions_app.earlier_sessions import earlier_points
from sessions_app.identification import longer_was_chosen
from sessions_app.models import Confirmation, Recording, Review, Session
from sessions_app.recordings import can_be_reanalyzed, todays_origin
from sessions_app.scores import NOTHING_OVER_TIME, Heard, OverTime, ScoreGate
from sessions_app.trends import TrendPoint


@dataclass(frozen=True, slots=True)
class Moment:
    """One window of the session, in seconds, and its scores in the order of `HEAD_WORDS`."""

    start: float
    end: float
    scores: tuple[float | None, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """What its row of a table says."""
        numbers = ("–" if score is None else number(score) for score in self.scores)
        return clock(self.start), clock(self.end), *numbers


@dataclass(frozen=True, slots=True)
class Detail:
    """What was measured in one recording. ``speakers``: how the patient was told from others, if that is shown.

    ``share``: the patient's share of all speech, in percent, where two are heard.
    """

    analysis: Analysis
    scores: dict[HeadName, Score]
    doubts: dict[HeadName, str]
    hidden: str | None
    labels: list[CheckpointLabel]
    speakers: str | None
    heard: Heard | None
    biomarkers: list[MeasureRow]
    more_biomarkers: list[MeasureRow]
    why: list[WhyPanel]
    turns: list[TurnRow]
    share: int | None
    moments: list[Moment]
    chart: dict[str, Any]

    @property
    def chart_id(self) -> str:
        """The id of the element that holds the chart's data."""
        return f"timeline-{self.analysis.id}"


@dataclass(frozen=True, slots=True)
class Earlier:
    """An analysis that another one has replaced, with its scores as this user may see them."""

    analysis: Analysis
    scores: dict[HeadName, Score]
    doubts: dict[HeadName, str]


@dataclass(frozen=True, slots=True)
class RecordingDetail:
    """One recording: how far it is and, for those who may see it, what was measured, now and earlier."""

    recording: Recording
    progress: Progress
    detail: Detail | None
    panel: PatientPanel | None
    review: ReviewPanel | None
    earlier: list[Earlier]
    may_reanalyze: bool
    audio: str

    @property
    def is_analysed(self) -> bool:
        """Whether what is shown is what the newest job found."""
        return self.progress.state == JobState.SUCCEEDED

    @property
    def awaits_review(self) -> bool:
        """Whether this user may say what they think of it, and nobody has."""
        return self.review is not None and self.review.form is not None and self.review.review is None

    @property
    def earlier_labels(self) -> list[CheckpointLabel]:
        """The lines that must stand beside the earlier scores."""
        return labels_of(one.analysis.checkpoint_name for one in self.earlier)


def recording_details(
    session: Session, user: User, sent: Mapping[UUID, ReviewForm] | None = None
) -> list[RecordingDetail]:
    """Each recording of ``session`` (fetched with its recordings) for ``user``.

    ``sent``: by recording, the form of a review that could not be kept.
    """
    gate = ScoreGate.for_patient(user, session.patient.clinic, list(session.patient.consents.all()))
    recordings = session.fetched_recordings
    shown = gate.shows_voice(session)
    timelines = _timelines(recordings) if shown else {}
    before = earlier_points(session, gate) if shown and timelines else ()
    confirmed = _confirmations(recordings, user) if shown else {}
    reviews = _reviews(recordings, user) if gate.why_hidden(session) is None else None
    earlier = _earlier(session, recordings, gate) if may(user, Action.SEE_SCORES) else []
    in_emergency = sees_in_emergency(user, session.patient)
    origin = todays_origin() if may(user, Action.REANALYZE) and not in_emergency else None
    may_decide = may(user, Action.CONFIRM_PATIENT) and not in_emergency
    unheard = unheard_of(one.job for one in recordings)
    may_review = may(user, Action.REVIEW_ANALYSIS) and not in_emergency
    fetched = _Fetched(
        timelines,
        before,
        confirmed,
        reviews,
        sent or {},
        earlier,
        origin,
        unheard,
        may_decide,
        may_review,
        not in_emergency,
    )
    return [_recording_detail(session, recording, gate, fetched) for recording in recordings]


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What is fetched once for all recordings of a session.

    ``before``: earlier sessions that count. ``reviews``: by analysis; ``None`` where no score is shown. ``sent``: see
    `recording_details`. ``origin``: of an analysis that is made today. ``unheard``: see `unheard_of`. ``may_decide``:
    whether this user may say who the patient is; ``may_review``: what they think of it; ``may_name_channel``: on which
    channel the patient is, where that was not clear.
    """

    timelines: dict[Any, Timeline]
    before: tuple[TrendPoint, ...]
    confirmed: dict[Any, Confirmation]
    reviews: dict[Any, Review] | None
    sent: Mapping[UUID, ReviewForm]
    earlier: list[Earlier]
    origin: str | None
    unheard: set[UUID]
    may_decide: bool
    may_review: bool
    may_name_channel: bool


def _recording_detail(
    session: Session,
    recording: Recording,
    gate: ScoreGate,
    fetched: _Fetched,
) -> RecordingDetail:
    analysis = recording.analysis
    shown = analysis is not None and may(gate.user, Action.SEE_SCORES)
    detail = _detail(session, recording, analysis, fetched, gate) if analysis and shown else None
    panel = None
    if gate.shows_voice(session):
        confirmation = fetched.confirmed.get(recording.analysis_id)
        panel = patient_panel(recording, confirmation, may_decide=fetched.may_decide)
    progress = progress_of(
        recording.job,
        has_consent=gate.has_consent(session),
        may_name_channel=fetched.may_name_channel,
        unheard=recording.job_id in fetched.unheard,
    )
    return RecordingDetail(
        recording=recording,
        progress=progress,
        detail=detail,
        panel=panel,
        review=_review(recording, fetched),
        earlier=[one for one in fetched.earlier if one.analysis.subject == recording.id],
        may_reanalyze=can_be_reanalyzed(recording, fetched.origin) and not progress.can_retry,
        audio=audio_sentence(recording, gate.clinic, gate.consents),
    )


def _review(recording: Recording, fetched: _Fetched) -> ReviewPanel | None:
    """Nothing where no score is shown: what is not seen cannot be reviewed."""
    if recording.analysis is None or fetched.reviews is None:
        return None
    review, sent = fetched.reviews.get(recording.analysis_id), fetched.sent.get(recording.id)
    return review_panel(recording.analysis, review, may_review=fetched.may_review, sent=sent)


def _earlier(session: Session, recordings: list[Recording], gate: ScoreGate) -> list[Earlier]:
    shown = [one.analysis_id for one in recordings if one.analysis_id]
    found = Analysis.objects.filter(subject__in=[one.id for one in recordings]).exclude(id__in=shown)
    return [Earlier(one, gate.scores(session, one), gate.doubts(session, one)) for one in found]


def _timelines(recordings: list[Recording]) -> dict[Any, Timeline]:
    found = Timeline.objects.filter(analysis__in=[one.analysis_id for one in recordings if one.analysis_id])
    return {timeline.analysis_id: timeline for timeline in found}


def _confirmations(recordings: list[Recording], user: User) -> dict[Any, Confirmation]:
    found = Confirmation.objects.visible_to(user).filter(analysis__in=[one.analysis_id for one in recordings])
    return {confirmation.pk: confirmation for confirmation in found.select_related("confirmed_by")}


def _reviews(recordings: list[Recording], user: User) -> dict[Any, Review]:
    found = Review.objects.visible_to(user).filter(analysis__in=[one.analysis_id for one in recordings])
    return {review.analysis_id: review for review in found.select_related("reviewed_by", "key", "patient")}


def _detail(session: Session, recording: Recording, analysis: Analysis, fetched: _Fetched, gate: ScoreGate) -> Detail:
    timeline = fetched.timelines.get(analysis.pk)
    over_time = gate.timeline(session, timeline) if timeline else NOTHING_OVER_TIME
    measured = gate.biomarkers(session, analysis)
    point = TrendPoint(session, recording, gate.scores(session, analysis), gate)
    rows = measure_rows(measured, fetched.before, analysis.pipeline_version, counts=point.counts)
    return Detail(
        analysis=analysis,
        scores=point.scores,
        doubts=gate.doubts(session, analysis),
        hidden=gate.why_hidden(session),
        labels=labels_of([analysis.checkpoint_name]),
        speakers=_speakers(recording, analysis) if gate.shows_voice(session) else None,
        heard=gate.heard(session, analysis),
        biomarkers=[row for row in rows if row.definition.main],
        more_biomarkers=[row for row in rows if not row.definition.main],
        why=why_panels(point, over_time.windows, fetched.before, rows),
        turns=turn_rows(over_time.turns),
        share=_share(measured),
        moments=_moments(over_time.windows),
        chart=_chart(analysis, over_time) if over_time.windows.start else {},
    )


def _share(measured: dict[str, Measure]) -> int | None:
    talk = measured.get("talk_ratio")
    return None if talk is None or talk.value is None else round(100 * talk.value)


def _speakers(recording: Recording, analysis: Analysis) -> str:
    if longer_was_chosen(recording):
        return str(LONGER_WAS_CHOSEN)
    return str(SPEAKER_METHODS.get(analysis.speaker_method, analysis.speaker_method))


def _moments(windows: results.Timeline) -> list[Moment]:
    """What the chart draws, for a table; none where no score is shown."""
    by_head = [getattr(windows, words.head) for words in HEAD_WORDS]
    moments = [Moment(*moment) for moment in zip(windows.start, windows.end, zip(*by_head, strict=True), strict=True)]
    shown = any(score is not None for moment in moments for score in moment.scores)
    return moments if shown else []


def _chart(analysis: Analysis, over_time: OverTime) -> dict[str, Any]:
    windows = over_time.windows
    return {
        "duration": analysis.duration,
        "start": windows.start,
        "end": windows.end,
        "series": {words.head: getattr(windows, words.head) for words in HEAD_WORDS},
        "heads": [{"head": words.head, "label": str(words.label)} for words in HEAD_WORDS],
        "turns": [[turn.start, turn.end, turn.speaker] for turn in over_time.turns],
        "peaks": [round(peak, 3) for peak in over_time.peaks],
    }
