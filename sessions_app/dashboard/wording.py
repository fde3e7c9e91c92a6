"""The words of the pages: what a score, a state, a stage or a consent is called. Plain, exact, never a diagnosis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext_lazy

from accounts.models import AffectPolicy, Clinic
from inference import score_words
from inference.biomarkers.definitions import Definition
from inference.results import HeadName, Score
from inference.speakers import ASSUMED, BY_CHANNEL, BY_ENROLMENT, BY_LENGTH, BY_PERSON, BY_RTTM
from sessions_app.baseline import SESSIONS, Side
from sessions_app.engine_words.measures import measure_definition, measure_label, measure_source
from sessions_app.engine_words.reasons import reason_words
from sessions_app.measures import EVIDENCE, after, digits
from sessions_app.models import Consent, PatientChannel, Scope, Verdict
from sessions_app.own_baseline import OwnBaseline, newest_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class HeadWords:
    """What one score is called and what it means."""

    head: HeadName
    label: StrOrPromise
    short: StrOrPromise
    meaning: StrOrPromise


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, "12:05"; from an hour on "1:02:05"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


HEAD_WORDS: tuple[HeadWords, ...] = (
    HeadWords(
        "depression",
        gettext_lazy("Depression probability"),
        gettext_lazy("Depression"),
        gettext_lazy(
            "How far the voice shows the cues that this checkpoint takes for depressive speech, such as flat pitch and "
            "long pauses. 0 is not at all, 1 is fully."
        ),
    ),
    HeadWords(
        "valence",
        gettext_lazy("Valence"),
        gettext_lazy("Valence"),
        gettext_lazy("How pleasant the voice sounds. 0 is unpleasant, 0.5 neutral, 1 pleasant."),
    ),
    HeadWords(
        "arousal",
        gettext_lazy("Arousal"),
        gettext_lazy("Arousal"),
        gettext_lazy("How much energy the voice has. 0 is calm, 0.5 neutral, 1 excited."),
    ),
)

STATE_WORDS = {
    "low": pgettext_lazy("score", "low"),
    "elevated": pgettext_lazy("score", "elevated"),
    "indeterminate": pgettext_lazy("score", "indeterminate"),
    "not available": gettext_lazy("not available"),
}

STATE_MEANING = {
    "low": gettext_lazy("The whole interval lies below the checkpoint's lower threshold."),
    "elevated": gettext_lazy("The whole interval lies above the checkpoint's upper threshold."),
    "indeterminate": gettext_lazy(
        "The interval is not clear of the thresholds, or the recording's quality is too poor to say; the reason stands "
        "beside it."
    ),
    "not available": gettext_lazy("There is no score; its reason unfolds beside it."),
}

SPEAKER_METHODS = {
    BY_CHANNEL: gettext_lazy("by the channel of the recording"),
    BY_RTTM: gettext_lazy("by a file of speaker turns"),
    ASSUMED: gettext_lazy("not at all: one voice was assumed"),
    BY_LENGTH: gettext_lazy("by their sound: the one who speaks longer was assumed to be the patient"),
    BY_ENROLMENT: gettext_lazy("by the counselor’s own voice"),
    BY_PERSON: gettext_lazy("by their sound: a person said that it is the one who speaks less"),
}

LONGER_WAS_CHOSEN = gettext_lazy("by their sound: a person said that it is the one who speaks longer")

ASSUMED_SENTENCES = {
    BY_LENGTH: gettext_lazy("The one who speaks longer was assumed to be the patient."),
    ASSUMED: gettext_lazy("One voice was heard and assumed to be the patient’s."),
}

ASSUMED_SHORT = gettext_lazy("patient’s voice assumed, not confirmed")
"""Beside scores of one of two voices that nobody has confirmed to be the patient's."""

REVIEWED_SHORT = {
    Verdict.AGREE: gettext_lazy("reviewed: agrees"),
    Verdict.DISAGREE: gettext_lazy("reviewed: disagrees"),
    Verdict.SET_ASIDE: gettext_lazy("set aside: counts for no baseline"),
}
"""Beside scores that a counselor has reviewed."""

BASELINE_LEGEND = gettext_lazy("own baseline, first %(sessions)s sessions")
BEYOND = {Side.ABOVE: pgettext_lazy("own baseline", "above"), Side.BELOW: pgettext_lazy("own baseline", "below")}
BEYOND_BAND = {
    Side.ABOVE: gettext_lazy(
        "%(label)s: the last %(beyond)s sessions lie above this patient’s own baseline, %(low)s to %(high)s."
    ),
    Side.BELOW: gettext_lazy(
        "%(label)s: the last %(beyond)s sessions lie below this patient’s own baseline, %(low)s to %(high)s."
    ),
}

OTHER_WAS_NOT_ANALYSED = gettext_lazy(
    "Somebody said that the patient is the other person, but that analysis did not succeed."
)
IT_IS_THE_OTHER = gettext_lazy("It is the other person")
TAKE_BACK = gettext_lazy("Take that back")
OTHER_CHANNEL = gettext_lazy("Listen on the other channel")
NAME_CHANNEL = {
    PatientChannel.LEFT: gettext_lazy("The patient is on the left"),
    PatientChannel.RIGHT: gettext_lazy("The patient is on the right"),
    PatientChannel.UNKNOWN: gettext_lazy("Analyse without naming a channel"),
}
NOT_HEARD_ON_CHANNEL = {
    PatientChannel.LEFT: gettext_lazy("The patient was not heard well enough on the left channel."),
    PatientChannel.RIGHT: gettext_lazy("The patient was not heard well enough on the right channel."),
}

POLICY_SENTENCES = {
    AffectPolicy.ON: gettext_lazy("Voice scores are on."),
    AffectPolicy.RESEARCH: gettext_lazy("Voice scores are kept for research and not shown."),
    AffectPolicy.OFF: gettext_lazy("Voice scores are switched off."),
}

SCOPES = {
    Scope.RECORDING: pgettext_lazy("consent", "recording"),
    Scope.VOICE_ANALYSIS: pgettext_lazy("consent", "voice analysis"),
    Scope.LIVE: pgettext_lazy("consent", "live"),
    Scope.KEEPING_AUDIO: pgettext_lazy("consent", "keeping audio"),
    Scope.RESEARCH: pgettext_lazy("consent", "research"),
}
"""What a consent covers, in a word or two."""

TO = "–"
"""Between the two ends of an interval."""


def score_sentence(score: Score) -> str:
    """A score in one line: "0.71 (0.62–0.79), elevated", or why there is none."""
    if score.value is None:
        none = state_words("not available")
        reason = {"reason": reason_words(score.reason)}
        return gettext("not available: %(reason)s") % reason if score.reason else none
    return f"{score_words.number(score.value)} ({score_words.interval(score, TO)}), {state_words(score.state)}"


def state_words(state: str) -> str:
    """What a score's state is called."""
    return str(STATE_WORDS[state])


def policy_sentence(clinic: Clinic) -> str:
    """What the clinic's policy means for the person who reads the page."""
    return str(POLICY_SENTENCES[AffectPolicy(clinic.affect_policy)])


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """Whether voice analysis is consented to on a day, in a few words and in a sentence.

    ``past``: consent has ended but was not withdrawn, so a session from before may still be brought in.
    """

    given: bool
    short: str
    sentence: str
    past: bool = False


def consent_words(consents: list[Consent], today: date) -> ConsentWords:
    """What the patient's consents (newest first) amount to on ``today``."""
    for consent in consents:
        if consent.covers(today):
            return ConsentWords(True, gettext("Consent given"), _given(consent))
    newest = next((consent for consent in consents if consent.voice_analysis), None)
    if newest is None:
        return ConsentWords(False, gettext("No consent"), gettext("There is no consent to voice analysis on file."))
    if newest.withdrawn_at is not None:
        withdrawn = {"day": _day(timezone.localdate(newest.withdrawn_at))}
        sentence = gettext("Consent was withdrawn on %(day)s.") % withdrawn
        return ConsentWords(False, gettext("Consent withdrawn"), sentence)
    if newest.given_on > today:
        sentence = gettext("Consent begins on %(day)s.") % {"day": _day(newest.given_on)}
        return ConsentWords(False, gettext("Consent not yet valid"), sentence)
    sentence = gettext("Consent ended on %(day)s.") % {"day": _day(newest.expires_on or today)}
    return ConsentWords(False, gettext("Consent expired"), sentence, past=True)


def how_long(span: timedelta | None) -> str:
    """A time such as "12 minutes". Never in seconds: a page that is looked at would change with each."""
    if span is None:
        return "–"
    if span < timedelta(minutes=1):
        return gettext("less than a minute")
    if span < timedelta(hours=1):
        number = span // timedelta(minutes=1)
        words = ngettext("%(number)s minute", "%(number)s minutes", number)
    elif span < timedelta(days=1):
        number = span // timedelta(hours=1)
        words = ngettext("%(number)s hour", "%(number)s hours", number)
    else:
        number = span.days
        words = ngettext("%(number)s day", "%(number)s days", number)
    return words % {"number": number}


def seconds_in_words(span: timedelta | None) -> str:
    """A short time to the second or better, for instance "4.2 s"; a longer one as `how_long` says it."""
    if span is None:
        return ""
    seconds = span.total_seconds()
    if seconds >= 600:
        return how_long(span)
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def _given(consent: Consent) -> str:
    since = _day(consent.given_on)
    if consent.expires_on is None:
        return gettext("Consent to voice analysis since %(since)s.") % {"since": since}
    until = _day(consent.expires_on)
    return gettext("Consent to voice analysis since %(since)s until %(until)s.") % {"since": since, "until": until}


def _day(day: date) -> str:
    return date_format(day, "j M Y")


def plainly(code: str) -> str:
    """A code such as ``sign_in`` as words."""
    return code.replace("_", " ")


def too_wide_words(label: str) -> str:
    """Of a score whose own baseline no session can leave."""
    words = gettext(
        "%(label)s: the first %(needed)s sessions differ so much that none can lie beyond them. This own baseline "
        "cannot show a change; look at the course itself."
    )
    return words % {"label": label, "needed": SESSIONS}


def own_baseline_sentence(
    label: str, own: OwnBaseline, write: Callable[[float], str] = score_words.number, unit: str = ""
) -> str:
    """Where the newest sessions lie beside the patient's own baseline. ``write``: how a value is written."""
    values: dict[str, object] = {"label": label, "sessions": own.sessions, "needed": SESSIONS}
    if own.low is None or own.high is None:
        return (
            gettext("%(label)s: not enough sessions yet for an own baseline; %(sessions)s of %(needed)s count.")
            % values
        )
    if own.holds_everything:
        return too_wide_words(label)
    values |= {"low": write(own.low), "high": f"{write(own.high)}{unit}", "beyond": len(own.beyond)}
    if own.sessions == SESSIONS:
        words = gettext(
            "%(label)s: this patient’s own baseline, %(low)s to %(high)s, rests on the first %(needed)s sessions; "
            "none since."
        )
    elif own.side in BEYOND_BAND:
        words = str(BEYOND_BAND[own.side])
    else:
        words = gettext("%(label)s: no lasting departure from this patient’s own baseline, %(low)s to %(high)s.")
    return words % values


def measure_sentence(definition: Definition, own: list[OwnBaseline]) -> str:
    """The same of a measure, whose baselines are ``own``; an empty string where it was never measured."""
    newest = newest_of(own)
    if newest is None:
        return ""
    return own_baseline_sentence(measure_label(definition), newest, partial(digits, definition), after(definition))


def measure_meaning(definition: Definition) -> str:
    """What a measure is, where that comes from, and how much is known of its link with depression."""
    said = (measure_definition(definition), f"{measure_source(definition)}.", str(EVIDENCE[definition.tier]))
    return " ".join(filter(None, said))
