"""Whether the audio of a recording is still there, and until when, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import Clinic
from sessions_app.models import Consent, Recording
from sessions_app.retention import audio_ends_on, is_kept_by_consent

DAY = "j M Y"


def audio_sentence(recording: Recording, clinic: Clinic, consents: Iterable[Consent]) -> str:
    """For instance "Audio removed on 3 Mar 2026. ..."."""
    if recording.audio_removed_at is not None:
        removed = date_format(timezone.localtime(recording.audio_removed_at), DAY)
        return f"Audio removed on {removed}. It can be neither played nor analysed again."
    if is_kept_by_consent(recording, clinic, consents):
        return "Kept, as the patient has consented to."
    ends_on = audio_ends_on(recording, clinic, consents)
    if ends_on is None:
        return f"Kept until its analysis is done, and for {_days(clinic)} from then."
    return f"Will be removed on {date_format(ends_on, DAY)}, {_days(clinic)} after the analysis."


def _days(clinic: Clinic) -> str:
    return "1 day" if clinic.audio_days == 1 else f"{clinic.audio_days} days"
