"""What each check of a recording's quality found, as a sentence and as a value in its unit."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop, pgettext

from inference.quality import SESSION_SECONDS, SHARES, TELEPHONE_BANDWIDTH, value_in_words
from inference.results import QualityCheck
from sessions_app.engine_words.kept import reads_english, retold

GOOD = {
    "level": gettext_noop("The voice is loud enough."),
    "clipping": gettext_noop("The recording is not overdriven."),
    "snr": gettext_noop("The voice stands out from the background."),
    "speech_seconds": gettext_noop("There is enough of the patient's speech."),
    "bandwidth": gettext_noop("The recording keeps the voice's higher frequencies."),
    "dropouts": gettext_noop("No sound is missing inside the speech."),
    "reverberation_time": gettext_noop("The room does not ring much."),
    "channels": gettext_noop(
        "The file has %(count)s channels. They were mixed into one, so people were not told apart by channel."
    ),
}
BAD = {
    "level": gettext_noop("The voice is very quiet. Please move the microphone closer or raise its gain."),
    "clipping": gettext_noop(
        "The recording is overdriven: its loudest parts are cut off. Please lower the microphone's gain."
    ),
    "snr": gettext_noop(
        "There is much noise behind the voice. Please record in a quieter room or with a closer microphone."
    ),
    "speech_seconds": gettext_noop(
        "There are less than 30 seconds of the patient's speech. Please use a longer recording for a session score."
    ),
    "bandwidth": gettext_noop(
        "The recording is muffled: the voice's higher frequencies are missing. Please check microphone and codec."
    ),
    "dropouts": gettext_noop(
        "Sound is missing inside the speech. Please check the connection, switch a noise gate off, and export the "
        "recording again."
    ),
    "reverberation_time": gettext_noop(
        "The room rings: words run into each other. Please use a closer microphone or a room with carpet and curtains."
    ),
}
TELEPHONE = gettext_noop(
    "The recording has telephone quality. A better connection or microphone makes it more reliable."
)
SHARE = gettext_noop("%(share)s %%, at most %(most)s %%")


def check_words(check: QualityCheck) -> str:
    """The sentence: in English the one that was kept, else from code and value where they give one."""
    return check.message if reads_english() else _sentence(check) or check.message


def value_words(check: QualityCheck) -> str:
    """The value in its unit: see `inference.quality.value_in_words`."""
    said = value_in_words(check)
    return retold(said, [SHARE]) if check.code in SHARES else said.replace(",", pgettext("between thousands", ","))


def _sentence(check: QualityCheck) -> str:
    """Nothing where the check is not known, or its value is none that it has today."""
    found = (GOOD if check.ok else BAD).get(check.code)
    if found is None or check.value is None:
        return ""
    if check.code == "speech_seconds" and check.ok != (check.value >= SESSION_SECONDS):
        return ""
    if check.code == "bandwidth" and check.ok and check.value < TELEPHONE_BANDWIDTH:
        found = TELEPHONE
    return gettext(found) % {"count": f"{check.value:.0f}"}
