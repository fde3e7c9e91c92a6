"""Flags in words: why to look at a patient, by which rule, and what to do next. Modest: a flag is no finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy, ngettext_lazy

from sessions_app.attention import NEAR, OVERDUE_UNTIL, REVIEW_WITHIN
from sessions_app.baseline import IN_A_ROW, SESSIONS, WITHIN
from sessions_app.instruments import CHOICES, GAD7, PHQ9
from sessions_app.models import Flag, FlagKind

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WEEK = 7


@dataclass(frozen=True, slots=True)
class KindWords:
    """``reason``: in the list; ``rule``: when it is said; ``step``: what may be done next, on page ``leads_to``.

    ``values``: what stands in both by name; in the reason stands what is the flag's own, besides.
    """

    reason: StrOrPromise
    rule: StrOrPromise
    step: StrOrPromise
    leads_to: str
    values: Mapping[str, object] = field(default_factory=dict)


def _worse(name: str, points: int) -> KindWords:
    return KindWords(
        reason=gettext_lazy("%(name)s rose by %(points)s points or more"),
        rule=gettext_lazy(
            "The newest %(name)s total lies %(points)s points or more above the one before it or above the first "
            "(reliable change, NHS Talking Therapies manual)."
        ),
        step=gettext_lazy("Look at the answers"),
        leads_to="patient-questionnaires",
        values={"name": name, "points": points},
    )


WORDS = {
    FlagKind.SELF_HARM: KindWords(
        reason=gettext_lazy("PHQ-9 item 9: “%(answer)s”"),
        rule=gettext_lazy(
            "The newest answer about thoughts of being better off dead or of hurting oneself is not “not at all”. It "
            "stays on top until a newer one is. The answer alone does not say how great the danger is."
        ),
        step=gettext_lazy("Ask about item 9"),
        leads_to="patient-questionnaires",
    ),
    FlagKind.WORSE_PHQ9: _worse(PHQ9.name, PHQ9.reliable),
    FlagKind.WORSE_GAD7: _worse(GAD7.name, GAD7.reliable),
    FlagKind.BEYOND_BASELINE: KindWords(
        reason=gettext_lazy("Depression score beyond the own baseline"),
        rule=gettext_lazy(
            "The depression score of the last %(last)s sessions lies beyond the same edge of what the first %(first)s "
            "lead one to expect. Above or below: it is a change, and in about one in six steady patients chance makes "
            "one within %(within)s sessions."
        ),
        step=gettext_lazy("Open the session"),
        leads_to="session",
        values={"last": IN_A_ROW, "first": SESSIONS, "within": WITHIN},
    ),
    FlagKind.DISAGREEING: KindWords(
        reason=gettext_lazy("Voice and PHQ-9 point in different directions"),
        rule=gettext_lazy(
            "PHQ-9 has reliably changed since the own baseline of the depression score began, and the score lies "
            "beyond that baseline on the other side; totals and sessions are at most %(days)s days apart. One of the "
            "two misses something; this does not say which."
        ),
        step=gettext_lazy("Compare both in the chart"),
        leads_to="patient",
        values={"days": NEAR.days},
    ),
    FlagKind.REVIEW_WAITING: KindWords(
        reason=gettext_lazy("Scores that nobody has reviewed"),
        rule=gettext_lazy(
            "A session of the last %(days)s days has scores, and no counselor has said whether they fit."
        ),
        step=gettext_lazy("Review the session"),
        leads_to="session",
        values={"days": REVIEW_WITHIN.days},
    ),
    FlagKind.ANALYSIS_FAILED: KindWords(
        reason=gettext_lazy("A recording of the newest session was not analysed"),
        rule=gettext_lazy("Its analysis has failed. What to do stands on the session’s page."),
        step=gettext_lazy("See why, and try again"),
        leads_to="session",
    ),
    FlagKind.OVERDUE: KindWords(
        reason=ngettext_lazy("No session for %(weeks)s week", "No session for %(weeks)s weeks", "weeks"),
        rule=gettext_lazy(
            "The last session is as long ago as your clinic’s administrator has set. After %(most)s weeks without "
            "one the flag ends: the patient has probably left."
        ),
        step=gettext_lazy("Ask whether a session is planned"),
        leads_to="patient",
        values={"most": OVERDUE_UNTIL.days // WEEK},
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
    def when(self) -> str:
        """From when on it holds; an answer about self-harm is told of its own day, which may be a later one."""
        since, response = _day(timezone.localdate(self.flag.since)), self.flag.response
        if not self.flag.is_about_self_harm or response is None:
            return gettext("since %(since)s") % {"since": since}
        day = _day(timezone.localdate(response.answered_at))
        if day == since:
            return gettext("on %(day)s") % {"day": day}
        return gettext("on %(day)s; other than “not at all” since %(since)s") % {"day": day, "since": since}

    @property
    def appearance(self) -> tuple[object, ...]:
        """All that is seen of it."""
        return self.flag.id, self.when, self.reason, self.answer


def flag_words(flag: Flag) -> FlagWords:
    """``flag``, fetched with what it rests on and who answered it."""
    kind = FlagKind(flag.kind)
    words = WORDS[kind]
    reason = words.reason % {**words.values, "answer": _item(flag), "weeks": _weeks(flag)}
    return FlagWords(flag, reason, words.rule % words.values, str(words.step), _address(flag, words), _answer(flag))


def flags_by_patient(flags: Iterable[Flag]) -> dict[UUID, tuple[FlagWords, ...]]:
    """Those of each patient, in the order given."""
    grouped: dict[UUID, tuple[FlagWords, ...]] = {}
    for flag in flags:
        grouped[flag.patient_id] = (*grouped.get(flag.patient_id, ()), flag_words(flag))
    return grouped


def _item(flag: Flag) -> str:
    answer = flag.response.safety_answer if flag.response else None
    return str(CHOICES[answer]).lower() if answer is not None else ""


def _weeks(flag: Flag) -> int:
    """For how long there was no session: in whole weeks, so that the words change with them alone."""
    return (timezone.now() - flag.session.held_at).days // WEEK if flag.session else 0


def _address(flag: Flag, words: KindWords) -> str:
    return reverse(words.leads_to, args=[flag.session_id if words.leads_to == "session" else flag.patient_id])


def _answer(flag: Flag) -> str:
    if flag.answered_at is None or flag.answered_by is None:
        return ""
    by, on = flag.answered_by.display_name, _day(timezone.localdate(flag.answered_at))
    if flag.until:
        return gettext("put off until %(until)s by %(by)s, %(on)s") % {"until": _day(flag.until), "by": by, "on": on}
    return gettext("seen by %(by)s, %(on)s") % {"by": by, "on": on}


def _day(day: date) -> str:
    return date_format(day, "j M Y")
