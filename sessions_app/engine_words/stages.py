"""The stages of an analysis, for people: see `inference.stages`."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

STAGES = {
    "decode": gettext_noop("Reading the file"),
    "quality": gettext_noop("Checking the sound"),
    "speech": gettext_noop("Finding the patient's voice"),
    "measures": gettext_noop("Measuring the voice"),
    "model": gettext_noop("Listening with the model"),
    "summary": gettext_noop("Putting it together"),
}


def stage_words(code: str) -> str:
    """What is done in this stage; nothing where there is none, or none that is known here."""
    return gettext(STAGES[code]) if code in STAGES else ""
