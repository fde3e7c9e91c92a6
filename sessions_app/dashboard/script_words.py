"""What the scripts of the pages say: for each a dictionary of sentences, handed over with the page.

Values are filled in by name in ``static/js/words.js``, with a percent sign written twice where one is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext, pgettext

Words = dict[str, Any]


def trend_words() -> Words:
    """Of the course over time."""
    return {
        "states": _states(),
        "not_available": gettext("not available"),
        "score": gettext("%(value)s (%(interval)s), %(state)s"),
        "together": gettext("Together"),
        "all_scores": gettext("All three scores, each from 0 to 1."),
        "loading": gettext("Loading …"),
        "not_loaded": gettext("This measure could not be loaded. Please choose it once more."),
        "never_measured": gettext("%(measure)s: not measured in any session yet."),
        "poor": gettext("poor recording: %(why)s"),
        "total": gettext("%(name)s %(total)s of %(most)s, %(severity)s"),
        "no_total": gettext("%(name)s: no total"),
        "open": gettext("Open session"),
        "stretch": gettext("%(first)s to %(last)s"),
        "interval": gettext("90 %% interval"),
        "event": pgettext("in a chart", "event"),
        "apart": {
            "poor": gettext("poor recording, not joined"),
            "set_aside": gettext("set aside, not joined"),
            "both": gettext("poor recording or set aside, not joined"),
        },
        "changed": gettext("%(origin)s, changed"),
        "made_by": gettext("Made by %(origins)s."),
        "not_a_diagnosis": gettext("Undertone supports a clinician’s judgement. These numbers are not a diagnosis."),
    }


def timeline_words() -> Words:
    """Of one session, its player included."""
    return {
        "lanes": {
            "patient": gettext("Patient"),
            "counselor": gettext("Counselor"),
            "other": pgettext("speaker", "Other"),
            "silence": gettext("Silence"),
        },
        "play": gettext("Play"),
        "pause": gettext("Pause"),
        "time": gettext("%(now)s of %(whole)s"),
        "trouble": gettext("The audio cannot be played now. Please load this page again."),
    }


def upload_words() -> Words:
    """Of bringing a recording in."""
    return {
        "choose": gettext("Drop a recording here, or choose a file"),
        "chosen": gettext("%(file)s, %(size)s"),
        "bytes": gettext("%(count)s bytes"),
        "one_at_a_time": gettext("Please drop one recording at a time."),
        "too_large": gettext("This file is larger than 1 GiB. Please export it as Opus or M4A."),
        "uploading": gettext("Uploading"),
        "progress": gettext("Uploading, %(percent)s %% of %(size)s"),
        "checking": gettext("Received, being checked"),
        "interrupted": gettext("The upload was interrupted. Please try again."),
        "cancelled": gettext("The upload was cancelled. Nothing was kept."),
        "refused": gettext("The server could not take this recording (%(status)s). Please try again."),
        "received": gettext("Received. Drop the next recording here, or choose a file"),
    }


WORDS: dict[str, Callable[[], Words]] = {
    "trend": trend_words,
    "timeline": timeline_words,
    "upload": upload_words,
}
"""By the name that a script asks with."""


def _states() -> dict[str, str]:
    return {
        "low": pgettext("score", "low"),
        "elevated": pgettext("score", "elevated"),
        "indeterminate": pgettext("score", "indeterminate"),
    }
