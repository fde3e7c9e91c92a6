"""What a person may be shown of an analysis. Every outlet (page, API, export) takes it from here, never from a row.

Three things are asked anew each time: may this role see scores, does the clinic's policy allow them, and was there
consent for the day of the session. A policy on affect hides scores. A missing consent hides all that was heard in the
voice: how long and when somebody spoke, how loud and clear, how it sounded and whose it was taken for, for no consent
covers any of it. What a job found before it failed belongs to that too: see `sessions_app.job_facts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy

from accounts.models import AffectPolicy, Clinic, User
from accounts.policy import Action, may
from inference import results
from inference.models import Analysis, Timeline
from inference.results import HEADS, HeadName, Measure, Quality, QualityCheck, Score, Turn
from sessions_app.engine_words.doubts import why_indeterminate, why_poor
from sessions_app.errors import AffectSwitchedOff, Refused, ResearchConsentMissing, ResearchOnly
from sessions_app.models import Consent, Scope, Session

NOT_FOR_ROLE = gettext_lazy("Scores are shown to the patient's counselors only.")
NO_CONSENT = cast("str", gettext_lazy("Not shown: no consent to voice analysis covers the day of this session."))
RESEARCH_ONLY = ResearchOnly.message


def why_hidden(*, user: User | AnonymousUser, clinic: Clinic, has_consent: bool) -> str | None:
    """The sentence that says why ``user`` may not be shown scores, or ``None`` if they may."""
    if not may(user, Action.SEE_SCORES):
        return str(NOT_FOR_ROLE)
    if refusal := refusal_by_policy(clinic):
        return refusal.message
    return None if has_consent else str(NO_CONSENT)


def refusal_by_policy(clinic: Clinic) -> Refused | None:
    """Why the clinic's policy shows nobody a score, or ``None``."""
    if clinic.affect_policy == AffectPolicy.ON:
        return None
    return ResearchOnly() if clinic.affect_policy == AffectPolicy.RESEARCH else AffectSwitchedOff()


def why_none_made(clinic: Clinic, session: Session | None) -> str | None:
    """The sentence that says why no score may be made of ``session`` (``None``: a snapshot), or ``None`` if one may.

    Scores that are kept for research alone have no other reason to be made than a patient's consent to research.
    """
    if clinic.affect_policy == AffectPolicy.OFF:
        return AffectSwitchedOff.message
    if clinic.affect_policy == AffectPolicy.ON or session is None:
        return None
    consented = session.patient.consent_on(session.day_in(clinic), Scope.RESEARCH)
    return None if consented else ResearchConsentMissing.message


def is_covered(session: Session) -> bool:
    """Whether a consent to voice analysis covers the day of ``session``. Quick where its patient's were fetched."""
    patient = session.patient
    return _is_covered(session, patient.clinic, patient.consents.all())


def _is_covered(session: Session, clinic: Clinic, consents: Iterable[Consent]) -> bool:
    day = session.day_in(clinic)
    return any(consent.covers(day) for consent in consents)


def why_none_at_all(user: User, clinic: Clinic) -> str | None:
    """Why ``user`` is shown no score of anybody, by role or by the clinic's policy, or ``None``."""
    return why_hidden(user=user, clinic=clinic, has_consent=True)


@dataclass(frozen=True, slots=True)
class Heard:
    """How much of the patient's voice was found in a recording, in seconds, and how well it can be heard.

    ``excluded_seconds``: speech left out because two spoke at once or it was not clear who did.
    """

    speech_seconds: float
    excluded_seconds: float
    quality: Quality

    @classmethod
    def of(cls, analysis: Analysis) -> Heard:
        """As stored."""
        return cls(analysis.speech_seconds, analysis.excluded_seconds, _quality(analysis))


def _quality(analysis: Analysis) -> Quality:
    return Quality(tuple(QualityCheck(**check) for check in analysis.quality))


@dataclass(frozen=True, slots=True)
class OverTime:
    """How an analysis runs over its recording: windows with their scores, who spoke when, and the waveform."""

    windows: results.Timeline
    turns: tuple[Turn, ...]
    peaks: tuple[float, ...]

    @classmethod
    def of(cls, timeline: Timeline, *, with_scores: bool) -> OverTime:
        """As stored, or with ``None`` in place of each score."""
        none = [None] * len(timeline.start)
        scores = {head: tuple(getattr(timeline, head) if with_scores else none) for head in HEADS}
        windows = results.Timeline(start=tuple(timeline.start), end=tuple(timeline.end), **scores)
        return cls(windows, tuple(Turn(*turn) for turn in timeline.turns), tuple(timeline.peaks))


NOTHING_OVER_TIME = OverTime(results.Timeline((), (), (), (), ()), (), ())


@dataclass(frozen=True, slots=True)
class ConsentGate:
    """Answers for one patient by consent alone, with the consents read once.

    For what is derived before anybody asks: role and policy are asked when that is shown.
    """

    clinic: Clinic
    consents: tuple[Consent, ...]
    _covered: dict[UUID, bool] = field(init=False, default_factory=dict, repr=False, compare=False)

    def has_consent(self, session: Session) -> bool:
        """Whether one of the consents covers the day of this session."""
        if session.id not in self._covered:
            self._covered[session.id] = _is_covered(session, self.clinic, self.consents)
        return self._covered[session.id]

    def why_hidden(self, session: Session) -> str | None:
        """Why this session's scores are not shown, or ``None``."""
        return None if self.has_consent(session) else str(NO_CONSENT)

    def shows_voice(self, session: Session) -> bool:
        """Whether anything that was heard in this session's voice may be shown, scores apart."""
        return self.has_consent(session)

    def scores(self, session: Session, analysis: Analysis) -> dict[HeadName, Score]:
        """The scores as this user may see them: the stored ones, or unavailable with the reason."""
        reason = self.why_hidden(session)
        if reason is None:
            return analysis.scores
        return {head: Score.unavailable(reason) for head in HEADS}

    def doubts(self, session: Session, analysis: Analysis) -> dict[HeadName, str]:
        """Why scores that are shown are indeterminate, in a few words."""
        quality = _quality(analysis)
        return {head: why_indeterminate(score, quality) for head, score in self.scores(session, analysis).items()}

    def heard(self, session: Session, analysis: Analysis) -> Heard | None:
        """How long and how well the patient is heard: measured in the voice too, so ``None`` without consent."""
        return Heard.of(analysis) if self.shows_voice(session) else None

    def biomarkers(self, session: Session, analysis: Analysis) -> dict[str, Measure]:
        """The acoustic measures, without values where the voice is not shown."""
        stored = {code: Measure(**measure) for code, measure in analysis.biomarkers.items()}
        if self.shows_voice(session):
            return stored
        return {code: Measure(None, measure.unit) for code, measure in stored.items()}

    def poor(self, session: Session, analysis: Analysis) -> str:
        """Why a recording is of poor quality, in a few words; nothing where it is good or the voice is not shown."""
        heard = self.heard(session, analysis)
        return why_poor(heard.quality) if heard else ""

    def timeline(self, session: Session, timeline: Timeline) -> OverTime:
        """The recording over time: nothing where the voice is not shown, no score where scores are hidden."""
        if not self.shows_voice(session):
            return NOTHING_OVER_TIME
        return OverTime.of(timeline, with_scores=self.why_hidden(session) is None)


@dataclass(frozen=True, slots=True)
class ScoreGate(ConsentGate):
    """Answers for one user and one patient."""

    user: User

    @classmethod
    def for_patient(cls, user: User, clinic: Clinic, consents: list[Consent]) -> ScoreGate:
        """A gate for the patient of ``clinic`` with these consents."""
        return cls(user=user, clinic=clinic, consents=tuple(consents))

    def why_hidden(self, session: Session) -> str | None:
        """Why this session's scores are not shown, or ``None``."""
        return why_hidden(user=self.user, clinic=self.clinic, has_consent=self.has_consent(session))

    def shows_voice(self, session: Session) -> bool:
        """Whether anything that was heard in this session's voice may be shown, scores apart."""
        return may(self.user, Action.SEE_SCORES) and self.has_consent(session)
