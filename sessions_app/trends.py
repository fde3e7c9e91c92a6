"""A patient's course: one point per recording, as one user may see it, beside the patient's own questionnaires."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext

from accounts.models import User
from inference.models import Analysis
from inference.results import HeadName, Score
from sessions_app.identification import may_be_the_other
from sessions_app.models import Patient, QuestionnaireResponse, Recording, Review, Session, Verdict
from sessions_app.scores import ConsentGate, ScoreGate


@dataclass(frozen=True)
class TrendPoint:
    """One recording of one session, or a session without any. ``scores`` is empty until an analysis is done.

    What is asked of it for each score and measure is found once.
    """

    session: Session
    recording: Recording | None
    scores: dict[HeadName, Score]
    gate: ConsentGate

    @cached_property
    def analysis(self) -> Analysis | None:
        """Where the scores come from."""
        return self.recording.analysis if self.recording else None

    @property
    def origin(self) -> str:
        """Checkpoint name and version that made the scores, or an empty string."""
        return self.analysis.origin if self.analysis else ""

    @cached_property
    def origin_key(self) -> str:
        """What two points must share for a line to join them, or an empty string."""
        return self.analysis.origin_key if self.analysis else ""

    @property
    def part(self) -> str:
        """Which recording of a session that has several, for instance "recording 2 of 3", or an empty string."""
        recordings = self.session.fetched_recordings
        if self.recording is None or len(recordings) < 2:
            return ""
        return gettext("recording %(number)s of %(all)s") % {
            "number": recordings.index(self.recording) + 1,
            "all": len(recordings),
        }

    def score(self, head: HeadName) -> Score:
        """One score, unavailable while there is no analysis."""
        return self.scores.get(head) or Score.unavailable(gettext("This recording has not been analysed."))

    def measure(self, code: str) -> float | None:
        """The value of one acoustic measure in its unit, if it was measured and may be shown."""
        if self.analysis is None or not self.measured:
            return None
        value: float | None = self.analysis.biomarkers.get(code, {}).get("value")
        return value

    @cached_property
    def measured(self) -> bool:
        """Whether its acoustic measures may be shown."""
        return self.analysis is not None and self.gate.shows_voice(self.session)

    @property
    def pipeline(self) -> str:
        """The version of the pipeline that measured, or an empty string: measures do not depend on a checkpoint."""
        return self.analysis.pipeline_version if self.analysis else ""

    @cached_property
    def poor(self) -> str:
        """Why its recording is of poor quality, in a few words, if that may be told."""
        return self.gate.poor(self.session, self.analysis) if self.analysis else ""

    @property
    def shown(self) -> bool:
        """Whether there is any score to draw."""
        return any(score.value is not None for score in self.scores.values())

    @cached_property
    def assumed(self) -> bool:
        """Whether what is shown of it is of one of two voices, which nobody has confirmed to be the patient's.

        Where scores are hidden, acoustic measures may be shown.
        """
        return (self.shown or self.measured) and self._may_be_the_other

    @cached_property
    def _may_be_the_other(self) -> bool:
        return self.recording is not None and may_be_the_other(self.recording)

    @property
    def review(self) -> Review | None:
        """What a counselor said of it."""
        return getattr(self.analysis, "review", None)

    @property
    def set_aside(self) -> bool:
        """Whether a counselor has set it aside."""
        return self.review is not None and self.review.verdict == Verdict.SET_ASIDE

    @cached_property
    def counts(self) -> bool:
        """Whether it may stand for the session: the recording is good, the voice is the patient's, and nobody
        has set it aside. That is so whatever may be shown of it.
        """
        if self.analysis is None or self._may_be_the_other or self.set_aside:
            return False
        return all(check["ok"] for check in self.analysis.quality)


@dataclass(frozen=True, slots=True)
class Trend:
    """A patient's points and questionnaires, oldest first; no questionnaire for those who may not see them."""

    points: tuple[TrendPoint, ...]
    questionnaires: tuple[QuestionnaireResponse, ...]


def trend_of(patient: Patient, user: User) -> Trend:
    """The course of ``patient`` as ``user`` may see it, in a fixed number of queries."""
    gate = ScoreGate.for_patient(user, patient.clinic, list(patient.consents.all()))
    sessions = patient.sessions.order_by("held_at", "id").with_recordings()
    questionnaires = QuestionnaireResponse.objects.visible_to(user).filter(patient=patient)
    return Trend(points=points_of(sessions, gate), questionnaires=tuple(questionnaires))


def points_of(sessions: Iterable[Session], gate: ConsentGate) -> tuple[TrendPoint, ...]:
    """The points of ``sessions`` (fetched with their recordings), in the order given."""
    return tuple(
        _point(session, recording, gate) for session in sessions for recording in session.fetched_recordings or (None,)
    )


def _point(session: Session, recording: Recording | None, gate: ConsentGate) -> TrendPoint:
    analysis = recording.analysis if recording else None
    return TrendPoint(session, recording, gate.scores(session, analysis) if analysis else {}, gate)


def with_gaps(
    points: tuple[TrendPoint, ...], drawn: Callable[[TrendPoint], bool] = lambda point: point.shown
) -> list[TrendPoint]:
    """The points that are ``drawn``, and one without values for each session that has none to draw."""
    with_some = {point.session.id for point in points if drawn(point)}
    gaps = {point.session.id: point for point in points if point.session.id not in with_some}
    return [point for point in points if drawn(point) or gaps.get(point.session.id) is point]
