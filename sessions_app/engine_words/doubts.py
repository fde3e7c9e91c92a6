"""Why a score is indeterminate and what is poor about a recording, in a few words: see `inference.score_words`."""

from __future__ import annotations

import math

from django.utils.translation import gettext, gettext_noop

from inference.results import Quality, QualityCheck, Score

POOR = {
    "level": gettext_noop("the voice is very quiet"),
    "clipping": gettext_noop("the sound is overdriven"),
    "snr": gettext_noop("much noise"),
    "speech_seconds": gettext_noop("only %(seconds)s s of speech"),
    "bandwidth": gettext_noop("the voice is muffled"),
    "dropouts": gettext_noop("sound is missing"),
    "reverberation_time": gettext_noop("the room rings"),
}
"""By the code of the quality check that fails."""

BETWEEN = gettext_noop("not clear of the thresholds")


def why_indeterminate(score: Score, quality: Quality) -> str:
    """Why ``score`` is indeterminate; nothing where it is not."""
    if score.state != "indeterminate":
        return ""
    return why_poor(quality) or gettext(BETWEEN)


def why_poor(quality: Quality) -> str:
    """What is poor about a recording; nothing where all is well."""
    return ", ".join(_poor(check) for check in quality.checks if not check.ok)


def _poor(check: QualityCheck) -> str:
    if check.code not in POOR:
        return check.message
    return gettext(POOR[check.code]) % {"seconds": math.floor(check.value or 0.0)}
