"""A clip of one known voice, such as the counselor's: is it fit to tell that voice from another?"""

from __future__ import annotations

from math import ceil

from inference import diarization, quality
from inference.audio import AudioFile, decode
from inference.errors import BadRecording, NoSpeech, TooLittleSpeech, TooLong
from inference.highpass import take_hum_away
from inference.speech import clear_speech, probabilities, sustained, total

LEAST_SPEECH, MOST_SPEECH = 5.0, 60.0
"""Seconds of speech: less tells little of a voice, more tells nothing new."""

LONGEST = 180.0
"""Seconds of a clip with its pauses."""


def check(clip: AudioFile) -> float:
    """Seconds of speech in ``clip``.

    Raises ``BadRecording``: not to be decoded, silent, too little or too much speech, or two voices. ``OSError`` when
    the file cannot be read at all. Nothing of the voice is kept.
    """
    try:
        sound = decode(clip, longest=LONGEST)
    except TooLong:
        raise TooLong("This clip is longer than 3 minutes. Half a minute of your voice is enough.") from None
    quality.refuse_silence(sound)
    samples = sound.mono
    take_hum_away(samples)
    speech = sustained(clear_speech(samples, probabilities(samples)))
    seconds = total(speech)
    if not speech:
        raise NoSpeech("No speech was found in this clip. Please check that the right file was chosen.")
    if seconds < LEAST_SPEECH:
        raise TooLittleSpeech(f"This clip holds {int(seconds)} s of speech. At least {LEAST_SPEECH:.0f} s are needed.")
    if seconds > MOST_SPEECH:
        raise TooLong(f"This clip holds {ceil(seconds)} s of speech. At most {MOST_SPEECH:.0f} s are of use.")
    if diarization.tell_apart(samples, speech) is not None:
        raise BadRecording("Two voices are heard in this clip. Please use one in which only one person speaks.")
    return seconds
