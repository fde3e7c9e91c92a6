"""Test sounds made of numpy, and a writer for every container that Undertone reads."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import scipy.signal
from numpy.typing import NDArray

from inference import audio

FloatArray = NDArray[np.float32]

SPEECH = Path(__file__).parent / "data" / "speech.opus"
SECOND_VOICE = Path(__file__).parent / "data" / "second_voice.opus"
"""Synthetic speech of 43 s and of 16 s, see tests/data/README.md."""

CODECS = {
    ".wav": "pcm_s16le",
    ".flac": "flac",
    ".mp3": "libmp3lame",
    ".m4a": "aac",
    ".mp4": "aac",
    ".ogg": "libopus",
    ".opus": "libopus",
    ".webm": "libopus",
    ".mkv": "libopus",
    ".avi": "pcm_s16le",
}


def write(
    path: Path,
    samples: NDArray[Any],
    rate: int,
    *,
    codec: str | None = None,
    bit_rate: int | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Encode ``samples`` (shape ``(n,)`` or ``(channels, n)``, full scale 1.0) into the container of the suffix."""
    channels = np.atleast_2d(np.asarray(samples, dtype=np.float32))
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(channels)]
    with av.open(str(path), "w", options=options or {}) as container:
        stream: Any = container.add_stream(codec or CODECS[path.suffix], rate=rate)
        stream.layout = layout
        if bit_rate:
            stream.bit_rate = bit_rate
        stream.time_base = Fraction(1, rate)
        resampler = av.AudioResampler(format=stream.format.name, layout=layout, rate=rate)
        for block in _blocks(channels, rate, layout):
            for ready in resampler.resample(block):
                container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    return path


def higher_voice() -> FloatArray:
    """The second test recording, every frequency a quarter higher, as a shorter vocal tract would have it."""
    return np.asarray(scipy.signal.resample_poly(audio.decode(SECOND_VOICE).mono, 4, 5), np.float32)


def meeting(path: Path) -> Path:
    """Two voices on one channel: the higher one begins and speaks 6 s, the other 14 s, and so once more."""
    rate = audio.SAMPLE_RATE
    less, more = higher_voice(), audio.decode(SPEECH).mono
    parts = [less[: 6 * rate], more[: 14 * rate], less[6 * rate : 12 * rate], more[14 * rate : 28 * rate]]
    silence = np.zeros(rate // 2, np.float32)
    return write(path, np.concatenate([sample for part in parts for sample in (part, silence)]), rate)


def write_video(path: Path, *, seconds: float = 1.0) -> Path:
    """A film without a sound track."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4" if path.suffix in (".mp4", ".avi") else "libvpx", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(int(seconds * 10)):
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    return path


def _blocks(channels: FloatArray, rate: int, layout: str) -> Any:
    for start in range(0, channels.shape[1], 960):
        block = np.ascontiguousarray(channels[:, start : start + 960])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.sample_rate = rate
        frame.pts = start
        yield frame


def tone(seconds: float, *, rate: int = 16_000, hertz: float = 440.0, peak: float = 0.3) -> FloatArray:
    """A sine."""
    return (peak * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def noise(seconds: float, *, rate: int = 16_000, rms: float = 0.1, seed: int = 0) -> FloatArray:
    """White noise."""
    return (rms * np.random.default_rng(seed).normal(size=round(seconds * rate))).astype(np.float32)


def pink_noise(seconds: float, *, rate: int = 16_000, rms: float = 0.1, seed: int = 0) -> FloatArray:
    """Noise whose power falls by 3 dB an octave."""
    spectrum = np.fft.rfft(noise(seconds, rate=rate, seed=seed))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    samples = np.fft.irfft(spectrum, round(seconds * rate))
    return np.asarray(samples * rms / samples.std(), np.float32)


def hum(seconds: float, *, rate: int = 16_000, peak: float = 0.2) -> FloatArray:
    """Mains hum: 50 Hz and its harmonics."""
    parts = [tone(seconds, rate=rate, hertz=50.0 * k, peak=peak / k) for k in range(1, 12)]
    return np.asarray(np.sum(parts, axis=0), np.float32)


def music(seconds: float, *, rate: int = 16_000) -> FloatArray:
    """A plucked melody over chords."""
    melody = [262, 330, 392, 523, 494, 392, 440, 349]
    beat = rate // 2
    decay = np.exp(-np.arange(beat) / (0.15 * rate))
    samples = np.zeros(round(seconds * rate) + beat, np.float32)
    for step, start in enumerate(range(0, round(seconds * rate), beat)):
        for hertz in (melody[step % 8], melody[step % 8] / 2, melody[(step // 4) % 8] / 2 * 1.5):
            samples[start : start + beat] += decay * tone(0.5, rate=rate, hertz=hertz, peak=0.1)
    return samples[: round(seconds * rate)]


def voice(f0: NDArray[np.float64], *, rate: int = 16_000, formants: Sequence[float] = (700, 1200, 2600)) -> FloatArray:
    """A vowel on the pitch contour ``f0`` (Hz, one value per sample): glottal pulses through three resonances."""
    phase = np.cumsum(f0 / rate)
    harmonics = np.zeros(len(f0))
    for k in range(1, int(rate / 2 / f0.max())):
        gain = np.prod([1 / np.abs(1 - (k * f0 / f) ** 2 + 1j * k * f0 * 90 / f**2) for f in formants], axis=0)
        harmonics += gain / k**2 * np.sin(2 * np.pi * k * phase)
    return np.asarray(0.3 * harmonics / np.abs(harmonics).max(), np.float32)


def conversation(patient: FloatArray, counselor: FloatArray, *, crosstalk: float = 0.0) -> tuple[FloatArray, float]:
    """Two people in turn, each on a channel, ``(2, n)``: the counselor first; and the second the patient begins.

    ``crosstalk``: gain with which each is heard on the other's channel.
    """
    silence = np.zeros(8000, np.float32)
    first = np.concatenate([counselor, silence, np.zeros_like(patient)])
    second = np.concatenate([np.zeros_like(counselor), silence, patient])
    channels = np.stack([second + crosstalk * first, first + crosstalk * second])
    heard = np.asarray(channels + noise(channels.shape[1] / 16_000, rms=3e-4), np.float32)
    return heard, (len(counselor) + len(silence)) / 16_000


def syllables(count: int, *, per_second: float = 4.0, hertz: float = 120.0, rate: int = 16_000) -> FloatArray:
    """``count`` vowels of equal length, each rising from and falling into near silence."""
    length = round(rate / per_second)
    shape = np.sin(np.pi * np.arange(length) / length) ** 2
    return voice(np.full(length * count, hertz), rate=rate) * np.tile(shape, count).astype(np.float32)
