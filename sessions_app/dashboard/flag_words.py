"""Flags in words: why to look at a patient, by which rule, and what to do next. Modest: a flag is no finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from sessions_app.attention import NEAR, OVERDUE_UNTIL, REVIEW_WITHIN
from sessions_app.baseline import IN_A_ROW, SESSIONS
from sessions_app.instruments import CHOICES, GAD7, PHQ9
from sessions_app.models import Flag, FlagKind

WEEK = 7


@dataclass(frozen=True, slots=True)
class KindWords:
    """``reason``: in the list; ``rule``: when it is said; ``step``: what may be done next, on page ``leads_to``."""

    reason: str
    rule: str
    step: str
    leads_to: str


def _worse(name: str, points: int) -> KindWords:
    return KindWords(
        reason=f"{name} rose by {points} points or more",
        rule=f"The newest {name} total lies {points} points or more above the one before it or above the first "
        "(reliable change, NHS Talking Therapies manual).",
        step="Look at the answers",
        leads_to="patient-questionnaires",
    )


WORDS = {
    FlagKind.SELF_HARM: KindWords(
        reason="PHQ-9 item 9: “{answer}”",
        rule="The newest answer about thoughts of being better off dead or of hurting oneself is not “not at all”. It "
        "stays on top until a newer one is. The answer alone does not say how great the danger is.",
        step="Ask about item 9",
        leads_to="patient-questionnaires",
    ),
    FlagKind.WORSE_PHQ9: _worse(PHQ9.name, PHQ9.reliable),
    FlagKind.WORSE_GAD7: _worse(GAD7.name, GAD7.reliable),
    FlagKind.BEYOND_BASELINE: KindWords(
        reason="Voice beyond the own baseline",
        rule=f"The last {IN_A_ROW} sessions lie beyond the same edge of what the first {SESSIONS} lead one to expect, "
        "in one score or more. Better or worse: it is a change, and chance makes one now and then.",
        step="Open the session",
        leads_to="session",
    ),
    FlagKind.DISAGREEING: KindWords(
        reason="Voice and PHQ-9 point in different directions",
        rule="PHQ-9 has reliably changed since the first, and the depression score lies beyond the own baseline on "
        f"the other side, within {NEAR.days} days. One of the two misses something; this does not say which.",
        step="Compare both in the chart",
        leads_to="patient",
    ),
    FlagKind.REVIEW_WAITING: KindWords(
        reason="Scores that nobody has reviewed",
        rule=f"A session of the last {REVIEW_WITHIN.days} days has scores, and no counselor has said whether they fit.",
        step="Review the session",
        leads_to="session",
    ),
    FlagKind.ANALYSIS_FAILED: KindWords(
        reason="The newest recording was not analysed",
        rule="Its analysis has failed. What to do stands on the session’s page.",
        step="See why, and try again",
        leads_to="session",
    ),
    FlagKind.OVERDUE: KindWords(
        reason="No session for {weeks}",
        rule="The last session is as long ago as your clinic’s administrator has set. After "
        f"{OVERDUE_UNTIL.days // WEEK} weeks without one the flag ends: the patient has probably left.",
        step="Ask whether a session is planned",
        leads_to="patient",
    ),
}
"""By kind, for each of them."""


@dataclass(frozen=True, slots=True)
class FlagWords:
    """One flag as people read it. ``answer``: who has seen it or put it off, or an empty string."""

    flag: Flag
    reason: str
    rule: str
    step: str
    address: str
    answer: str

    @property
    def since(self) -> datetime:
        """From when on it holds."""
        return self.flag.since

    @property
    def appearance(self) -> tuple[object, ...]:
        """All that is seen of it."""
        return self.flag.id, self.flag.since, self.reason, self.answer


def flag_words(flag: Flag) -> FlagWords:
    """``flag``, fetched with what it rests on and who answered it."""
    kind = FlagKind(flag.kind)
    words = WORDS[kind]
    reason = words.reason.replace("{answer}", _item(flag)).replace("{weeks}", _weeks(flag))
    return FlagWords(flag, reason, words.rule, words.step, _address(flag, words), _answer(flag))


def flags_by_patient(flags: Iterable[Flag]) -> dict[UUID, tuple[FlagWords, ...]]:
    """Those of each patient, in the order given."""
    grouped: dict[UUID, tuple[FlagWords, ...]] = {}
    for flag in flags:
        grouped[flag.patient_id] = (*grouped.get(flag.patient_id, ()), flag_words(flag))
    return grouped


def _item(flag: Flag) -> str:
    answer = flag.response.safety_answer if flag.response else None
    return CHOICES[answer].lower() if answer is not None else ""


def _weeks(flag: Flag) -> str:
    """For how long there was no session: of whole weeks, so that it changes with them alone."""
    weeks = (timezone.now() - flag.session.held_at).days // WEEK if flag.session else 0
    return f"{weeks} week{'s' * (weeks != 1)}"


def _address(flag: Flag, words: KindWords) -> str:
    return reverse(words.leads_to, args=[flag.session_id if words.leads_to == "session" else flag.patient_id])


def _answer(flag: Flag) -> str:
    if flag.answered_at is None or flag.answered_by is None:
        return ""
    by, on = flag.answered_by.display_name, _day(timezone.localdate(flag.answered_at))
    return f"put off until {_day(flag.until)} by {by}, {on}" if flag.until else f"seen by {by}, {on}"


def _day(day: date) -> str:
    return date_format(day, "j M Y")
