"""The words of the pages: what a score, a state, a stage or a consent is called. Plain, exact, never a diagnosis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import AffectPolicy, Clinic
from inference import score_words
from inference.biomarkers.definitions import Definition
from inference.results import HeadName, Score
from inference.speakers import ASSUMED, BY_CHANNEL, BY_ENROLMENT, BY_LENGTH, BY_PERSON, BY_RTTM
from sessions_app.baseline import SESSIONS, Side
from sessions_app.engine_words.measures import measure_definition, measure_label, measure_source
from sessions_app.engine_words.reasons import reason_words
from sessions_app.measures import EVIDENCE, after, digits
from sessions_app.models import Consent, PatientChannel, Verdict
from sessions_app.own_baseline import OwnBaseline


@dataclass(frozen=True, slots=True)
class HeadWords:
    """What one score is called and what it means."""

    head: HeadName
    label: str
    short: str
    meaning: str


HEAD_WORDS: tuple[HeadWords, ...] = (
    HeadWords(
        "depression",
        "Depression probability",
        "Depression",
        "How far the voice shows the cues that this checkpoint takes for depressive speech, such as flat pitch and "
        "long pauses. 0 is not at all, 1 is fully.",
    ),
    HeadWords(
        "valence", "Valence", "Valence", "How pleasant the voice sounds. 0 is unpleasant, 0.5 neutral, 1 pleasant."
    ),
    HeadWords("arousal", "Arousal", "Arousal", "How much energy the voice has. 0 is calm, 0.5 neutral, 1 excited."),
)

STATE_MEANING = {
    "low": "The whole interval lies below the checkpoint's lower threshold.",
    "elevated": "The whole interval lies above the checkpoint's upper threshold.",
    "indeterminate": "The interval is not clear of the thresholds, or the recording's quality is too poor to say; the "
    "reason stands beside it.",
    "not available": "There is no score; its reason unfolds beside it.",
}

SPEAKER_METHODS = {
    BY_CHANNEL: "by the channel of the recording",
    BY_RTTM: "by a file of speaker turns",
    ASSUMED: "not at all: one voice was assumed",
    BY_LENGTH: "by their sound: the one who speaks longer was assumed to be the patient",
    BY_ENROLMENT: "by the counselor’s own voice",
    BY_PERSON: "by their sound: a person said that it is the one who speaks less",
}

LONGER_WAS_CHOSEN = "by their sound: a person said that it is the one who speaks longer"

ASSUMED_SENTENCES = {
    BY_LENGTH: "The one who speaks longer was assumed to be the patient.",
    ASSUMED: "One voice was heard and assumed to be the patient’s.",
}

ASSUMED_SHORT = "patient’s voice assumed, not confirmed"
"""Beside scores of one of two voices that nobody has confirmed to be the patient's."""

REVIEWED_SHORT = {
    Verdict.AGREE: "reviewed: agrees",
    Verdict.DISAGREE: "reviewed: disagrees",
    Verdict.SET_ASIDE: "set aside: counts for no baseline",
}
"""Beside scores that a counselor has reviewed."""

BASELINE_LEGEND = "own baseline, first {sessions} sessions"
BEYOND = {Side.ABOVE: "above", Side.BELOW: "below"}

OTHER_WAS_NOT_ANALYSED = "Somebody said that the patient is the other person, but that analysis did not succeed."
IT_IS_THE_OTHER = "It is the other person"
TAKE_BACK = "Take that back"
OTHER_CHANNEL = "Listen on the other channel"
NAME_CHANNEL = {
    PatientChannel.LEFT: "The patient is on the left",
    PatientChannel.RIGHT: "The patient is on the right",
    PatientChannel.UNKNOWN: "Analyse without naming a channel",
}
NOT_HEARD_ON_CHANNEL = "The patient was not heard well enough on the {channel} channel."

POLICY_SENTENCES = {
    AffectPolicy.ON: "Voice scores are on.",
    AffectPolicy.RESEARCH: "Voice scores are kept for research and not shown.",
    AffectPolicy.OFF: "Voice scores are switched off.",
}

TO = "–"
"""Between the two ends of an interval."""

UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


def score_sentence(score: Score) -> str:
    """A score in one line: "0.71 (0.62–0.79), elevated", or why there is none."""
    if score.value is None:
        return f"not available: {reason_words(score.reason)}" if score.reason else "not available"
    return f"{score_words.number(score.value)} ({score_words.interval(score, TO)}), {score.state}"


def policy_sentence(clinic: Clinic) -> str:
    """What the clinic's policy means for the person who reads the page."""
    return POLICY_SENTENCES[AffectPolicy(clinic.affect_policy)]


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
            return ConsentWords(True, "Consent given", _given(consent))
    newest = next((consent for consent in consents if consent.voice_analysis), None)
    if newest is None:
        return ConsentWords(False, "No consent", "There is no consent to voice analysis on file.")
    if newest.withdrawn_at is not None:
        withdrawn = _day(timezone.localdate(newest.withdrawn_at))
        return ConsentWords(False, "Consent withdrawn", f"Consent was withdrawn on {withdrawn}.")
    if newest.given_on > today:
        return ConsentWords(False, "Consent not yet valid", f"Consent begins on {_day(newest.given_on)}.")
    return ConsentWords(False, "Consent expired", f"Consent ended on {_day(newest.expires_on or today)}.", past=True)


def how_long(span: timedelta | None) -> str:
    """A time such as "12 minutes". Never in seconds: a page that is looked at would change with each."""
    if span is None:
        return "–"
    if span < timedelta(minutes=1):
        return "less than a minute"
    unit, number = next((unit, span // one) for unit, one in UNITS if span >= one)
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def seconds_in_words(span: timedelta | None) -> str:
    """A short time to the second or better, for instance "4.2 s"; a longer one as `how_long` says it."""
    if span is None:
        return ""
    seconds = span.total_seconds()
    if seconds >= 600:
        return how_long(span)
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def _given(consent: Consent) -> str:
    until = f" until {_day(consent.expires_on)}" if consent.expires_on else ""
    return f"Consent to voice analysis since {_day(consent.given_on)}{until}."


def _day(day: date) -> str:
    return date_format(day, "j M Y")


def plainly(code: str) -> str:
    """A code such as ``sign_in`` as words."""
    return code.replace("_", " ")


def own_baseline_sentence(
    label: str, own: OwnBaseline, write: Callable[[float], str] = score_words.number, unit: str = ""
) -> str:
    """Where the newest sessions lie beside the patient's own baseline. ``write``: how a value is written."""
    if own.low is None or own.high is None:
        return f"{label}: not enough sessions yet for an own baseline; {own.sessions} of {SESSIONS} count."
    band = f"this patient’s own baseline, {write(own.low)} to {write(own.high)}{unit}"
    if own.sessions == SESSIONS:
        return f"{label}: {band}, rests on the first {SESSIONS} sessions; none since."
    if own.side in BEYOND:
        return f"{label}: the last {len(own.beyond)} sessions lie {BEYOND[own.side]} {band}."
    return f"{label}: no lasting departure from {band}."


def measure_sentence(definition: Definition, own: list[OwnBaseline]) -> str:
    """The same of a measure, whose baselines are ``own``; an empty string where it was never measured."""
    if not own:
        return ""
    return own_baseline_sentence(measure_label(definition), own[-1], partial(digits, definition), after(definition))


def measure_meaning(definition: Definition) -> str:
    """What a measure is, where that comes from, and how much is known of its link with depression."""
    said = (measure_definition(definition), f"{measure_source(definition)}.", str(EVIDENCE[definition.tier]))
    return " ".join(filter(None, said))
