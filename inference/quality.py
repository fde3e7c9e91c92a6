"""May this recording be scored? Each question with its value, unit, and a sentence that says what to do better.

A recording that fails a check is still measured, but its scores are indeterminate: poor sound must never look normal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import librosa  # its parts load when they are used: the pages import this module too
import numpy as np
from numpy.typing import NDArray

from inference import scratch
from inference.audio import Audio
from inference.errors import Silent, TooLittleSpeech
from inference.highpass import FULL_SCALE, ZERO_RUN
from inference.levels import chunk_powers
from inference.results import Quality, QualityCheck, Span
from inference.reverberance import reverberation_time
from inference.speech import complement, merge, subtract, total

SILENT_PEAK = 3e-4
"""A recording whose swing stays below this (-70 dBFS) holds nothing but the last bits of a converter."""

MIN_LEVEL = -50.0
MAX_CLIPPED = 0.001
MIN_SNR = 10.0
BEST_SNR = 80.0
SESSION_SECONDS = 30.0
LEAST_SECONDS = 3.0
MIN_BANDWIDTH = 2500.0
TELEPHONE_BANDWIDTH = 4200.0
BAND_DROP = 55.0
"""dB under the strongest band of speech: what is weaker was cut off by a codec, a line or a filter."""

MAX_DROPPED = 0.01
DROPOUT_SAMPLES = ZERO_RUN
"""5 ms of exact zeros: no room is that quiet, a stream that lost a packet is."""

SHARES = {"clipping": MAX_CLIPPED, "dropouts": MAX_DROPPED}
"""Checks whose value is a share of the speech, with the most that passes."""

MAX_REVERBERANCE = 0.85
"""Seconds. Living rooms and offices ring for 0.3 to 0.6; the demonstration checkpoint was trained up to 0.6."""

RINGING = 0.5
"""Seconds after speech in which the room is listened to."""

FRAME = 512
BLOCK = 16_000 * 30

FloatArray = NDArray[np.float32]


class Pieces:
    """Views of samples inside ``spans``, each at most 30 s: a long recording is neither copied nor kept in memory."""

    def __init__(self, samples: FloatArray, spans: Sequence[Span]) -> None:
        self._parts = [samples[round(span.start * 16_000) : round(span.end * 16_000)] for span in spans]
        self.total = sum(map(len, self._parts))

    def __iter__(self) -> Iterator[FloatArray]:
        return (block for part in self._parts for block in scratch.blocks(part, BLOCK))


def refuse_silence(audio: Audio) -> None:
    """Raises ``Silent`` when no channel holds more than a constant."""
    if max(map(_swing, audio.channels)) < 2 * SILENT_PEAK:
        raise Silent


def _swing(channel: FloatArray) -> float:
    extremes = np.array([(block.min(), block.max()) for block in scratch.blocks(channel)])
    return float(np.ptp(extremes))


def assess(samples: FloatArray, speech: Sequence[Span], others: Sequence[Span], *, channels: int) -> Quality:
    """Judge the patient's speech in ``samples`` (mono, 16 kHz); ``channels``: how many the file had.

    Raises ``TooLittleSpeech`` under 3 s.
    """
    seconds = total(speech)
    if seconds < LEAST_SECONDS:
        raise TooLittleSpeech
    voice = Pieces(samples, speech)
    background = Pieces(samples, complement(merge((*speech, *others)), len(samples) / 16_000))
    checks = [_level(voice), _clipping(voice), _snr(voice, background), _speech_seconds(seconds)]
    ringing = Pieces(samples, _ringing(samples, speech, others))
    checks += [_bandwidth(voice), _dropouts(voice), _reverberance(ringing, seconds)]
    return Quality((*checks, *([_channels(channels)] if channels > 2 else [])))


def value_in_words(check: QualityCheck) -> str:
    """The value as people read it: "24 dB", or for a share "3.1 %, at most 1 %"; nothing where there is none."""
    if check.value is None:
        return ""
    if check.code in SHARES:
        return f"{100 * check.value:.3g} %, at most {100 * SHARES[check.code]:g} %"
    number = f"{check.value:,.0f}" if abs(check.value) >= 1000 else f"{check.value:.3g}"
    return number if check.unit == "1" else f"{number} {check.unit}"


def _level(voice: Pieces) -> QualityCheck:
    level = 10 * math.log10(max(_power(voice), 1e-12))
    ok = level >= MIN_LEVEL
    good = "The voice is loud enough."
    bad = "The voice is very quiet. Please move the microphone closer or raise its gain."
    return QualityCheck("level", ok, round(level, 1), "dBFS", good if ok else bad)


def _clipping(voice: Pieces) -> QualityCheck:
    clipped = sum(int(np.count_nonzero(np.abs(piece) >= FULL_SCALE)) for piece in voice)
    share = clipped / voice.total
    ok = share <= MAX_CLIPPED
    good = "The recording is not overdriven."
    bad = "The recording is overdriven: its loudest parts are cut off. Please lower the microphone's gain."
    return QualityCheck("clipping", ok, round(share, 5), "1", good if ok else bad)


def _snr(voice: Pieces, background: Pieces) -> QualityCheck:
    """Power of speech over that of the rest, or over its own quietest tenth where all is speech."""
    frames = _frame_powers(voice)
    quiet = _frame_powers(background)
    noise = float(np.median(quiet)) if len(quiet) >= 15 else float(np.quantile(frames, 0.1))
    clean = max(float(frames.mean()) - noise, 1e-12)
    value = float(np.clip(10 * np.log10(clean / max(noise, 1e-12)), -20.0, BEST_SNR))
    ok = value >= MIN_SNR
    good = "The voice stands out from the background."
    bad = "There is much noise behind the voice. Please record in a quieter room or with a closer microphone."
    return QualityCheck("snr", ok, round(value, 1), "dB", good if ok else bad)


def _speech_seconds(seconds: float) -> QualityCheck:
    ok = seconds >= SESSION_SECONDS
    good = "There is enough of the patient's speech."
    bad = "There are less than 30 seconds of the patient's speech. Please use a longer recording for a session score."
    return QualityCheck("speech_seconds", ok, round(seconds, 2), "s", good if ok else bad)


def _bandwidth(voice: Pieces) -> QualityCheck:
    value = bandwidth(voice)
    ok = value >= MIN_BANDWIDTH
    good = "The recording keeps the voice's higher frequencies."
    if value < TELEPHONE_BANDWIDTH:
        good = "The recording has telephone quality. A better connection or microphone makes it more reliable."
    bad = "The recording is muffled: the voice's higher frequencies are missing. Please check microphone and codec."
    return QualityCheck("bandwidth", ok, round(value), "Hz", good if ok else bad)


def bandwidth(voice: Pieces) -> float:
    """The highest frequency (Hz, in steps of 250) that speech still reaches."""
    power = np.zeros(FRAME // 2 + 1)
    for piece in voice:
        if len(piece) >= FRAME:
            spectra = librosa.stft(piece, n_fft=FRAME, hop_length=FRAME, center=False)
            power += np.square(np.abs(spectra)).sum(axis=1)
    bands = power[:256].reshape(-1, 8).mean(axis=1)
    reached = np.flatnonzero(bands >= bands.max() * 10 ** (-BAND_DROP / 10))
    return float((reached[-1] + 1) * 250) if bands.max() > 0 else 0.0


def _dropouts(voice: Pieces) -> QualityCheck:
    loud = 0.1 * math.sqrt(_power(voice))
    share = sum(_dropped(piece, loud) for piece in voice) / voice.total
    ok = share <= MAX_DROPPED
    good = "No sound is missing inside the speech."
    bad = (
        "Sound is missing inside the speech. Please check the connection, switch a noise gate off, and export the "
        "recording again."
    )
    return QualityCheck("dropouts", ok, round(share, 4), "1", good if ok else bad)


def _dropped(voice: FloatArray, loud: float) -> int:
    """Samples of ``voice`` lost in runs of exact zeros that begin and end in the midst of sound above ``loud``."""
    zero = np.concatenate([[0], (voice == 0).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(zero))
    starts, ends = edges[::2], edges[1::2]
    long = (ends - starts >= DROPOUT_SAMPLES) & (starts > 64) & (ends < len(voice) - 64)
    runs = zip(starts[long].tolist(), ends[long].tolist(), strict=True)
    abrupt = (
        end - start
        for start, end in runs
        if min(np.abs(voice[start - 64 : start]).max(), np.abs(voice[end : end + 64]).max()) > loud
    )
    return sum(abrupt)


def _reverberance(ringing: Pieces, seconds: float) -> QualityCheck:
    value = reverberation_time(ringing, seconds)
    ok = value <= MAX_REVERBERANCE
    good = "The room does not ring much."
    bad = (
        "The room rings: words run into each other. Please use a closer microphone or a room with carpet and curtains."
    )
    return QualityCheck("reverberation_time", ok, round(value, 2), "s", good if ok else bad)


def _ringing(samples: FloatArray, speech: Sequence[Span], others: Sequence[Span]) -> tuple[Span, ...]:
    """Speech with the half second after it, in which the room can be heard; nobody else speaks there."""
    end = len(samples) / 16_000
    longer = merge(Span(span.start, min(span.end + RINGING, end)) for span in speech)
    return subtract(longer, merge(others))


def _channels(count: int) -> QualityCheck:
    message = f"The file has {count} channels. They were mixed into one, so people were not told apart by channel."
    return QualityCheck("channels", True, float(count), "1", message)


def _frame_powers(voice: Pieces) -> NDArray[np.float64]:
    return np.concatenate([*(chunk_powers(piece, FRAME) for piece in voice), np.zeros(0)])


def _power(voice: Pieces) -> float:
    return sum(float(np.dot(piece, piece)) for piece in voice) / max(1, voice.total)
