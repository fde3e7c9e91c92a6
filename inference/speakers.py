"""Whose voice is whose: which speech is the patient's.

The patient is told from others by the channel of a stereo recording, by an RTTM file, or, where two voices share a
channel, by their sound: then a clip of the counselor decides who is who, or the one who speaks longer is assumed to be
the patient. Where one voice is heard, it is assumed to be the patient's. The analysis says which. Where two people
speak at once, or it is not clear who does, nothing is scored: that speech counts as the others', and ``_voices`` takes
it from the patient's, however the two were told apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inference import diarization, rttm
from inference.audio import Audio, AudioFile, decode, mix
from inference.errors import BadChannel, BadOptions, NoSpeech
from inference.highpass import take_hum_away
from inference.levels import chunk_powers, decibels
from inference.results import Span, Turn
from inference.speech import (
    CHUNK,
    MIN_PAUSE,
    SPEECH_ON,
    clear_speech,
    cut_silences,
    intersect,
    merge,
    probabilities,
    speech_spans,
    subtract,
    sustained,
    total,
    turns,
    without,
)

BY_CHANNEL = "channel"
BY_RTTM = "rttm"
BY_ENROLMENT = "enrolment"
BY_LENGTH = "longer_voice"
BY_PERSON = "person"
ASSUMED = "single_voice"
METHODS = (BY_CHANNEL, BY_RTTM, BY_ENROLMENT, BY_LENGTH, BY_PERSON, ASSUMED)
ASSUMPTIONS = frozenset({BY_LENGTH, ASSUMED})
"""Ways of telling the patient that are an assumption until a person confirms it."""

LEAST_APART = 3.0
"""dB by which each person has to be nearer to their own channel (typically); below, nobody knows who speaks."""

WIDEST_MARGIN = 12.0
"""dB: a voice that is nearer to one channel by more than this is alone there, whatever the other channel hears."""

SAME_SOUND = 4.0
"""dB: where the level difference of two channels varies by less (SD, loud parts), both hear the same room."""

FAR_QUIETER = 12.0
"""dB: mixing in a channel of the same sound that is quieter by more adds noise and no voice."""

SAME_LOUDNESS = 0.99
"""Percentile of a channel's chunk levels that stands for "this person speaking up close"."""

TOO_ALIKE = (
    "A patient's channel was named, but both channels of this recording hold the same voices almost equally loud. "
    "Please give an RTTM file that says who speaks when, or name no channel where only the patient speaks."
)

MIN_SPEECH = 1.0
"""Seconds of speech below which a channel counts as empty."""

EDGE = MIN_PAUSE / 2
"""Seconds: what is heard this near to the clear speech of a voice belongs to it; two such edges fill a dip."""

FloatArray = NDArray[np.float32]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller knows about a recording.

    ``patient_channel``: the channel of a stereo file on which the patient is. ``rttm`` with ``patient_label``: a file
    of speaker turns, and the patient's name in it. ``counselor_voice``: a short clip of the counselor alone, which
    decides who of two people on one channel is the patient. ``swapped``: a person said that it is the other one of
    the two than would be assumed. ``withhold_affect``: a sentence why the model must not be run
    (consent, clinic policy); scores are then unavailable for that reason.
    """

    patient_channel: Literal["left", "right"] | None = None
    rttm: Path | None = None
    patient_label: str | None = None
    counselor_voice: AudioFile | None = None
    swapped: bool = False
    withhold_affect: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Voices:
    """The patient's voice in a recording.

    ``samples``: float32 (n,), the sound in which the patient is measured. ``speech``: the patient's speech;
    ``others``: everybody else's; ``turns``: of all, in order of time. ``method``: how they were told apart.
    ``excluded``: speech in which two speak at once or it is not clear who does.
    """

    samples: FloatArray
    speech: tuple[Span, ...]
    others: tuple[Span, ...]
    turns: tuple[Turn, ...]
    method: str
    excluded: tuple[Span, ...] = ()

    @property
    def not_the_patients(self) -> tuple[Span, ...]:
        """Speech of everybody else, and what was left out: no silence, and not the patient's voice either."""
        return merge((*self.others, *self.excluded))

    @property
    def patient_turns(self) -> tuple[Turn, ...]:
        """The patient's turns, in order."""
        return tuple(turn for turn in self.turns if turn.speaker == "patient")


def check(options: Options, audio: Audio) -> None:
    """Raises ``BadOptions`` when ``options`` contradict each other or do not fit the recording."""
    if options.patient_channel not in (None, "left", "right"):
        raise BadOptions("The patient's channel is either left or right.")
    if options.patient_channel and options.rttm:
        raise BadOptions("Please say either which channel the patient is on or give an RTTM file, not both.")
    if bool(options.rttm) != bool(options.patient_label):
        raise BadOptions("An RTTM file and the patient's label in it are needed together.")
    if options.swapped and (options.patient_channel or options.rttm):
        raise BadOptions("The channel or the RTTM file says who is who. To swap the two, please name the other one.")
    if options.patient_channel and len(audio.channels) != 2:
        raise BadChannel(
            "A patient's channel was named, but this recording does not have two channels. Please name no channel."
        )


def find_patient(audio: Audio, options: Options, *, progress: Progress | None = None) -> Voices:
    """Find the patient's speech. Raises ``BadOptions`` (see ``check``) and ``NoSpeech``."""
    check(options, audio)
    if options.rttm and options.patient_label:
        return _by_rttm(audio, options.rttm, options.patient_label, progress)
    if len(audio.channels) == 2:
        return _stereo(audio, options, progress)
    return _single(audio.mono, options, progress)


def _by_rttm(audio: Audio, file: Path, label: str, progress: Progress | None) -> Voices:
    labelled = rttm.read(file)
    if label not in labelled:
        raise BadOptions("The patient's label is not the name of any speaker in the RTTM file.")
    samples = audio.mono
    heard = _speech(samples, probabilities(samples, progress=progress))
    others = merge(span for name, spans in labelled.items() if name != label for span in spans)
    return _voices(samples, intersect(labelled[label], heard), intersect(others, heard), BY_RTTM)


def _stereo(audio: Audio, options: Options, progress: Progress | None) -> Voices:
    room, channel = _one_room(audio.channels), options.patient_channel
    if channel and room is not None:
        raise BadChannel(TOO_ALIKE)
    if room is not None:
        return _single(room, options, progress)
    left, right = audio.channels
    if channel:
        return _by_channel(*((left, right) if channel == "left" else (right, left)), progress)
    return _only_voice((left, right), _heard(left, right, progress))


def _heard(first: FloatArray, second: FloatArray, progress: Progress | None) -> tuple[FloatArray, FloatArray]:
    return probabilities(first, progress=_part(progress, 0)), probabilities(second, progress=_part(progress, 1))


def _by_channel(own: FloatArray, other: FloatArray, progress: Progress | None) -> Voices:
    """The patient on the channel ``own``: what is not clearly nearer to it than to ``other`` is not theirs alone."""
    heard = _heard(own, other, progress)
    mine, theirs = (sustained(_speech(samples, found)) for samples, found in zip((own, other), heard, strict=True))
    if not (mine and theirs):
        return _voices(own, mine, theirs, ASSUMED)
    nearer = _advantage(own, other)
    margin = _margin(nearer[np.maximum(*heard) >= SPEECH_ON])
    patient = _speech(own, np.where(nearer > -margin, heard[0], 0.0))
    counselor = _speech(other, np.where(nearer < margin, heard[1], 0.0))
    return _voices(own, patient, counselor, BY_CHANNEL)


def _only_voice(channels: tuple[FloatArray, FloatArray], heard: tuple[FloatArray, FloatArray]) -> Voices:
    """The one channel that holds speech, where the caller did not say which."""
    found = [sustained(_speech(samples, probability)) for samples, probability in zip(channels, heard, strict=True)]
    seconds = [sum(span.duration for span in spans) for spans in found]
    if min(seconds) >= MIN_SPEECH:
        raise BadChannel(
            "The two channels of this recording hold different voices. Please say on which channel the patient is: "
            "left or right."
        )
    best = int(np.argmax(seconds))
    return _voices(channels[best], found[best], (), ASSUMED)


def _single(samples: FloatArray, options: Options, progress: Progress | None) -> Voices:
    """One channel: one voice or two, told apart by their sound."""
    probability = probabilities(samples, progress=progress)
    heard, clear = (sustained(spans(samples, probability)) for spans in (_speech, clear_speech))
    found = diarization.tell_apart(samples, clear)
    if found is None and options.swapped:
        raise BadOptions("Only one voice was heard in this recording, so there is nobody to swap it with.")
    if found is None:
        return _voices(samples, heard, (), ASSUMED)
    patient, method = _patient_of(found, options)
    own, other, doubtful = (
        intersect(spans, clear) for spans in (found.voices[patient], found.voices[1 - patient], found.doubtful)
    )
    patients = _with_edges(own, heard, merge((*other, *doubtful)))
    others = _with_edges(other, heard, merge((*own, *doubtful)))
    return _voices(samples, patients, others, method, excluded=doubtful)


def _with_edges(clear: tuple[Span, ...], heard: tuple[Span, ...], others: tuple[Span, ...]) -> tuple[Span, ...]:
    """The ``clear`` speech of one voice with the soft edges and dips in ``heard`` that belong to it."""
    near = merge(Span(max(0.0, span.start - EDGE), span.end + EDGE) for span in clear)
    return subtract(intersect(near, heard), others)


def _patient_of(found: diarization.TwoVoices, options: Options) -> tuple[int, str]:
    """Which of two voices is the patient's, and how that is known."""
    counselor = _enrolled(options.counselor_voice, found) if options.counselor_voice else None
    longer = int(total(found.voices[1]) > total(found.voices[0]))
    patient, method = (longer, BY_LENGTH) if counselor is None else (1 - counselor, BY_ENROLMENT)
    return (1 - patient, BY_PERSON) if options.swapped else (patient, method)


def _enrolled(clip: AudioFile, found: diarization.TwoVoices) -> int | None:
    """Which of two voices is that of ``clip``; None where it is not clear."""
    samples = decode(clip).mono
    take_hum_away(samples)
    return diarization.nearer(samples, clear_speech(samples, probabilities(samples)), found)


def _voices(
    samples: FloatArray,
    patient: tuple[Span, ...],
    others: tuple[Span, ...],
    method: str,
    excluded: tuple[Span, ...] = (),
) -> Voices:
    """The one place where overlap is settled: speech that is also somebody else's is not the patient's."""
    excluded = merge((*excluded, *intersect(patient, others)))
    patient = subtract(patient, others)
    if not patient:
        raise NoSpeech if not others else NoSpeech("Speech was found in this recording, but none of the patient's.")
    known = method in (BY_CHANNEL, BY_ENROLMENT)
    everyone = without(turns({"patient": patient, "counselor" if known else "other": others}), excluded)
    return Voices(samples, patient, others, everyone, method, excluded)


def _speech(samples: FloatArray, probability: NDArray[np.floating]) -> tuple[Span, ...]:
    spans = speech_spans(probability.astype(np.float32), len(samples) / 16_000)
    return cut_silences(spans, samples)


def _decibels(samples: FloatArray) -> FloatArray:
    return decibels(chunk_powers(samples, CHUNK))


def _one_room(channels: FloatArray) -> FloatArray | None:
    """One channel for two that hear the same voices (neither becomes louder than the other when someone speaks).

    Their mean, or the louder one where the other is far quieter; None where each channel hears its own person.
    """
    near = [_near(samples) for samples in channels]
    louder = np.maximum(*near)
    loud = louder > np.quantile(louder, 0.75) if len(louder) else louder > 0
    if not loud.any() or float((near[0] - near[1])[loud].std()) >= SAME_SOUND:
        return None
    left, right = (_decibels(samples)[loud] for samples in channels)
    difference = float((left - right).mean())
    if abs(difference) > FAR_QUIETER:
        nearer: FloatArray = channels[0 if difference > 0 else 1]
        return nearer
    return mix(channels)


def _near(samples: FloatArray) -> FloatArray:
    """Level of each chunk in dB, relative to somebody who speaks up close: so a microphone's gain does not matter."""
    levels = _decibels(samples)
    return levels - np.float32(np.quantile(levels, SAME_LOUDNESS)) if len(levels) else levels


def _advantage(own: FloatArray, other: FloatArray) -> FloatArray:
    """How much louder ``own`` is than ``other`` in each chunk, in dB, once both speak up equally loud."""
    return _near(own) - _near(other)


def _margin(nearer: FloatArray) -> float:
    """How many dB nearer to one channel a voice must be to be alone there: half of what is usual in this recording.

    ``nearer``: advantage of one channel in chunks with speech. Raises ``BadChannel`` where neither is clearly nearer.
    """
    sides = nearer[nearer > 0], -nearer[nearer < 0]
    apart = min(float(np.median(side)) if len(side) else 0.0 for side in sides)
    if apart < LEAST_APART:
        raise BadChannel(TOO_ALIKE)
    return min(apart / 2, WIDEST_MARGIN)


def _part(progress: Progress | None, index: int) -> Progress | None:
    return (lambda fraction: progress((index + fraction) / 2)) if progress else None
