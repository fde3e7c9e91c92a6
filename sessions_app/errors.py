"""Why the clinic's own rules refuse something: a stable code and a sentence for people."""

from __future__ import annotations

import errno

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext, gettext_noop


class Refused(Exception):
    """A rule forbids this. ``code`` is stable; ``message`` is a plain sentence without patient data.

    That of the class is English and is kept with an analysis; one that was raised speaks the language of who asked.
    """

    code = "refused"
    message = gettext_noop("This is not allowed.")

    def __init__(self) -> None:
        self.message = gettext(type(self).message)
        super().__init__(self.message)


class ConsentMissing(Refused):
    code = "consent_missing"
    message = gettext_noop(
        "No consent to voice analysis covers the day of this session. Without one, no recording of it is taken in or "
        "analysed."
    )


class AudioRemoved(Refused):
    code = "audio_removed"
    message = gettext_noop(
        "The audio of this recording was removed, so it cannot be analysed again. To have it analysed anew, upload the "
        "same file again."
    )


class ChannelForCareTeam(Refused):
    code = "channel_for_care_team"
    message = gettext_noop(
        "Only the patient's care team may name another channel for a recording: it says whose voice is the patient's, "
        "and emergency access does not allow that."
    )


class AffectSwitchedOff(Refused):
    code = "affect_switched_off"
    message = gettext_noop("This clinic has switched voice scores off, so none are made or shown.")


class ResearchOnly(AffectSwitchedOff):
    # The same code: to a program both say that this clinic shows no voice scores.
    message = gettext_noop("This clinic keeps voice scores for research only, so they are not shown.")


class ResearchConsentMissing(AffectSwitchedOff):
    message = gettext_noop(
        "This clinic makes voice scores for research only, and no consent to research covers this session."
    )


class NoWorker(Refused):
    code = "model_not_loaded"
    message = gettext_noop("No worker with a loaded voice model is running. Please try again in a moment.")


class SnapshotTooSlow(Refused):
    code = "analysis_not_ready"
    message = gettext_noop(
        "The analysis did not finish in time because the workers are busy. Please try again in a moment."
    )


class UploadTooSlow(Refused):
    code = "upload_too_slow"
    message = gettext_noop("The server took too long to keep this file, so it was let go. Please send it again.")


class NotInEmergency(PermissionDenied):
    """The role allows it, but only to the patient's care team, and not to who sees the patient in an emergency."""


class KeyMissing(OSError):
    """The master key that something was encrypted with cannot be had here; once it can, nothing is lost."""

    def __init__(self, why: str = "the master key is not in MASTER_KEY or MASTER_KEYS_OLD") -> None:
        super().__init__(errno.ENOKEY, why)
