"""What to do better next time, for each check of a recording's quality."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

ADVICE = {
    "level": gettext_lazy(
        "Place the microphone an arm’s length from the patient, and look at the level before you begin."
    ),
    "clipping": gettext_lazy("Lower the gain until the loudest words stay well below the top of the level meter."),
    "snr": gettext_lazy("Close windows and doors, switch fans off, and bring the microphone closer to the patient."),
    "speech_seconds": gettext_lazy("Record for longer: half a minute or more of the patient’s own speech is needed."),
    "bandwidth": gettext_lazy(
        "Use a microphone in the room rather than a telephone line, and a bit rate of 32 kbit/s or more."
    ),
    "dropouts": gettext_lazy("Use a cable or a nearer access point, and switch noise suppression and noise gates off."),
    "reverberation_time": gettext_lazy(
        "Come closer with the microphone, or choose a room with carpet, curtains or full shelves."
    ),
    "channels": gettext_lazy(
        "Record each person on one channel of a stereo file, so that they can be told apart for certain."
    ),
}
"""By the code of a check in `inference.quality`."""
