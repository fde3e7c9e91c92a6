"""Which scores a person may be shown. Every outlet (page, API, export) takes its scores from here, never from a row.

Three things are asked anew each time: may this role see scores, does the clinic's policy allow them, and was there
consent for the day of the session.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from accounts.models import AffectPolicy, Clinic, User
from accounts.policy import Action, may
from inference.models import Analysis, Timeline
from inference.results import HEADS, HeadName, Measure, Score
from sessions_app.errors import AffectSwitchedOff, ConsentMissing
from sessions_app.models import Consent, Session

NOT_FOR_ROLE = "Scores are shown to the patient's counselors only."
RESEARCH_ONLY = "This clinic keeps voice scores for research only, so they are not shown."


def why_hidden(*, user: User | AnonymousUser, clinic: Clinic, has_consent: bool) -> str | None:
    """The sentence that says why ``user`` may not be shown scores, or ``None`` if they may."""
    if not may(user, Action.SEE_SCORES):
        return NOT_FOR_ROLE
    if clinic.affect_policy == AffectPolicy.OFF:
        return AffectSwitchedOff.message
    if clinic.affect_policy == AffectPolicy.RESEARCH:
        return RESEARCH_ONLY
    return None if has_consent else ConsentMissing.message


def why_none_at_all(user: User, clinic: Clinic) -> str | None:
    """Why ``user`` is shown no score of anybody, by role or by the clinic's policy, or ``None``."""
    return why_hidden(user=user, clinic=clinic, has_consent=True)


@dataclass(frozen=True, slots=True)
class ScoreGate:
    """Answers for one user and one patient, with the patient's consents read once."""

    user: User
    clinic: Clinic
    consents: tuple[Consent, ...]

    @classmethod
    def for_patient(cls, user: User, clinic: Clinic, consents: list[Consent]) -> ScoreGate:
        """A gate for the patient of ``clinic`` with these consents."""
        return cls(user=user, clinic=clinic, consents=tuple(consents))

    def why_hidden(self, session: Session) -> str | None:
        """Why this session's scores are not shown, or ``None``."""
        return why_hidden(user=self.user, clinic=self.clinic, has_consent=self.has_consent(session))

    def has_consent(self, session: Session) -> bool:
        """Whether one of the consents covers the day of this session."""
        day = session.day_in(self.clinic)
        return any(consent.covers(day) for consent in self.consents)

    def scores(self, session: Session, analysis: Analysis) -> dict[HeadName, Score]:
        """The scores as this user may see them: the stored ones, or unavailable with the reason."""
        reason = self.why_hidden(session)
        if reason is None:
            return analysis.scores
        return {head: Score.unavailable(reason) for head in HEADS}

    def biomarkers(self, session: Session, analysis: Analysis) -> dict[str, Measure]:
        """The acoustic measures. Policies on affect leave them; a missing consent to voice analysis blanks them."""
        shown = may(self.user, Action.SEE_SCORES) and self.has_consent(session)
        stored = {code: Measure(**measure) for code, measure in analysis.biomarkers.items()}
        return stored if shown else {code: Measure(None, measure.unit) for code, measure in stored.items()}

    def timeline(self, session: Session, timeline: Timeline) -> dict[HeadName, list[float | None]]:
        """The scores over the session by head, all ``None`` where this user may not see them."""
        hidden = self.why_hidden(session) is not None
        return {head: [None] * len(timeline.start) if hidden else getattr(timeline, head) for head in HEADS}
