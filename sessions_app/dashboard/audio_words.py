"""Whether the audio of a recording is still there, and until when, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from accounts.models import Clinic
from sessions_app.models import Consent, Recording
from sessions_app.retention import audio_ends_on, is_kept_by_consent

DAY = "j M Y"


def audio_sentence(recording: Recording, clinic: Clinic, consents: Iterable[Consent]) -> str:
    """For instance "Audio removed on 3 Mar 2026. ..."."""
    if recording.audio_removed_at is not None:
        removed = date_format(timezone.localtime(recording.audio_removed_at), DAY)
        return gettext("Audio removed on %(day)s. It can be neither played nor analysed again.") % {"day": removed}
    if is_kept_by_consent(recording, clinic, consents):
        return gettext("Kept, as the patient has consented to.")
    ends_on = audio_ends_on(recording, clinic, consents)
    if ends_on is None:
        return ngettext(
            "Kept until its analysis is done, and for %(days)s day from then.",
            "Kept until its analysis is done, and for %(days)s days from then.",
            clinic.audio_days,
        ) % {"days": clinic.audio_days}
    return ngettext(
        "Will be removed on %(day)s, %(days)s day after the analysis.",
        "Will be removed on %(day)s, %(days)s days after the analysis.",
        clinic.audio_days,
    ) % {"day": date_format(ends_on, DAY), "days": clinic.audio_days}
