"""May this recording be scored? Each question with its value, unit, and a sentence that says what to do better.

A recording that fails a check is still measured, but its scores are indeterminate: poor sound must never look normal.
"""

from __future__ import annotations

from collections.abc import Sequence

import librosa
import numpy as np
from numpy.typing import NDArray

from inference.audio import Audio
from inference.errors import Silent, TooLittleSpeech
from inference.results import Quality, QualityCheck, Span
from inference.speech import complement, merge, total

SILENT_PEAK = 3e-4
"""A recording whose swing stays below this (-70 dBFS) holds nothing but the last bits of a converter."""

MIN_LEVEL = -50.0
FULL_SCALE = 0.985
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
DROPOUT_SAMPLES = 80
"""5 ms of exact zeros: no room is that quiet, a stream that lost a packet is."""

FRAME = 512
BLOCK = 16_000 * 30

FloatArray = NDArray[np.float32]


def refuse_silence(audio: Audio) -> None:
    """Raises ``Silent`` when no channel holds more than a constant."""
    if max(float(np.ptp(channel)) for channel in audio.channels) < 2 * SILENT_PEAK:
        raise Silent


def assess(samples: FloatArray, speech: Sequence[Span], others: Sequence[Span], *, channels: int) -> Quality:
    """Judge the patient's speech in ``samples`` (mono, 16 kHz); ``channels``: how many the file had.

    Raises ``TooLittleSpeech`` under 3 s.
    """
    seconds = total(speech)
    if seconds < LEAST_SECONDS:
        raise TooLittleSpeech
    voice = cut(samples, speech)
    background = cut(samples, complement(merge((*speech, *others)), len(samples) / 16_000))
    checks = [_level(voice), _clipping(voice), _snr(voice, background), _speech_seconds(seconds)]
    checks += [_bandwidth(voice), _dropouts(samples, speech, seconds)]
    return Quality((*checks, *([_channels(channels)] if channels > 2 else [])))


def cut(samples: FloatArray, spans: Sequence[Span]) -> FloatArray:
    """The samples inside ``spans``, joined."""
    parts = [samples[round(span.start * 16_000) : round(span.end * 16_000)] for span in spans]
    return np.concatenate(parts) if parts else samples[:0]


def _level(voice: FloatArray) -> QualityCheck:
    level = _decibels(_power(voice))
    ok = level >= MIN_LEVEL
    good = "The voice is loud enough."
    bad = "The voice is very quiet. Please move the microphone closer or raise its gain."
    return QualityCheck("level", ok, round(level, 1), "dBFS", good if ok else bad)


def _clipping(voice: FloatArray) -> QualityCheck:
    share = float(np.mean(np.abs(voice) >= FULL_SCALE))
    ok = share <= MAX_CLIPPED
    good = "The recording is not overdriven."
    bad = "The recording is overdriven: its loudest parts are cut off. Please lower the microphone's gain."
    return QualityCheck("clipping", ok, round(share, 5), "1", good if ok else bad)


def _snr(voice: FloatArray, background: FloatArray) -> QualityCheck:
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


def _bandwidth(voice: FloatArray) -> QualityCheck:
    value = bandwidth(voice)
    ok = value >= MIN_BANDWIDTH
    good = "The recording keeps the voice's higher frequencies."
    if value < TELEPHONE_BANDWIDTH:
        good = "The recording has telephone quality. A better connection or microphone makes it more reliable."
    bad = "The recording is muffled: the voice's higher frequencies are missing. Please check microphone and codec."
    return QualityCheck("bandwidth", ok, round(value), "Hz", good if ok else bad)


def bandwidth(voice: FloatArray) -> float:
    """The highest frequency (Hz, in steps of 250) that speech still reaches."""
    power = np.zeros(FRAME // 2 + 1)
    for start in range(0, max(1, len(voice) - FRAME), BLOCK):
        block = voice[start : start + BLOCK]
        power += np.square(np.abs(librosa.stft(block, n_fft=FRAME, hop_length=FRAME, center=len(block) < FRAME))).sum(1)
    bands = power[:256].reshape(-1, 8).mean(axis=1)
    reached = np.flatnonzero(bands >= bands.max() * 10 ** (-BAND_DROP / 10))
    return float((reached[-1] + 1) * 250) if bands.max() > 0 else 0.0


def _dropouts(samples: FloatArray, speech: Sequence[Span], seconds: float) -> QualityCheck:
    share = sum(_dropped(samples[round(s.start * 16_000) : round(s.end * 16_000)]) for s in speech) / 16_000 / seconds
    ok = share <= MAX_DROPPED
    good = "No sound is missing inside the speech."
    bad = "Sound is missing inside the speech. Please check the connection and export the recording again."
    return QualityCheck("dropouts", ok, round(share, 4), "1", good if ok else bad)


def _dropped(voice: FloatArray) -> int:
    """Samples of ``voice`` lost in runs of exact zeros that begin and end in the midst of sound."""
    zero = np.concatenate([[0], (voice == 0).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(zero))
    starts, ends = edges[::2], edges[1::2]
    long = (ends - starts >= DROPOUT_SAMPLES) & (starts > 64) & (ends < len(voice) - 64)
    floor = 0.1 * np.sqrt(_power(voice))
    runs = zip(starts[long].tolist(), ends[long].tolist(), strict=True)
    abrupt = (
        end - start
        for start, end in runs
        if min(np.abs(voice[start - 64 : start]).max(), np.abs(voice[end : end + 64]).max()) > floor
    )
    return sum(abrupt)


def _channels(count: int) -> QualityCheck:
    message = f"The file has {count} channels. They were mixed into one, so people were not told apart by channel."
    return QualityCheck("channels", True, float(count), "1", message)


def _frame_powers(samples: FloatArray) -> NDArray[np.float64]:
    if len(samples) < FRAME:
        return np.zeros(0)
    blocks = [samples[start : start + BLOCK] for start in range(0, len(samples) - FRAME + 1, BLOCK)]
    rms = [librosa.feature.rms(y=b, frame_length=FRAME, hop_length=FRAME, center=len(b) < FRAME)[0] for b in blocks]
    powers: NDArray[np.float64] = np.square(np.concatenate(rms), dtype=np.float64)
    return powers


def _power(samples: FloatArray) -> float:
    return float(np.dot(samples, samples)) / max(1, len(samples))


def _decibels(power: float) -> float:
    return float(10 * np.log10(max(power, 1e-12)))
