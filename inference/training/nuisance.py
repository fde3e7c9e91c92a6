"""What a recording adds to a voice: room, microphone, line, noise, codec, level. None of it is how someone sounds."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Literal, cast

import av
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from inference.training.voices import SAMPLE_RATE

Samples = NDArray[np.float32]
Spectrum = NDArray[np.complex64]
Codec = Literal["none", "opus", "mu-law"]

_BANDS = np.array([60, 250, 700, 2000, 4000, 8000], dtype=np.float64)
_ROOM_SECONDS = 0.6
_DECIBELS_OF_TWO = 20 * math.log10(2)


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a recording was made.

    ``room``: reverberation time in seconds, 0 for none. ``equalizer``: dB at 60, 250, 700, 2000, 4000 and 8000 Hz.
    ``telephone``: 300 to 3400 Hz. ``snr``: dB, ``None`` for no noise; ``noise_slope``: its dB per octave. ``level``:
    dB on the samples before they are rounded to 16 bits.
    """

    room: float = 0.0
    equalizer: tuple[float, ...] = (0.0,) * len(_BANDS)
    telephone: bool = False
    snr: float | None = None
    noise_slope: float = 0.0
    codec: Codec = "none"
    level: float = 0.0


CLEAN = Conditions()


def draw_conditions(rng: np.random.Generator) -> Conditions:
    """Random conditions: one recording in five is clean, the others add one thing or several."""
    if rng.random() < 0.2:
        return CLEAN
    return Conditions(
        room=float(rng.uniform(0.1, _ROOM_SECONDS)) if rng.random() < 0.5 else 0.0,
        equalizer=_draw_equalizer(rng) if rng.random() < 0.6 else CLEAN.equalizer,
        telephone=bool(rng.random() < 0.15),
        snr=float(rng.uniform(12, 50)) if rng.random() < 0.75 else None,
        noise_slope=float(rng.uniform(-6, 0)),
        codec=cast(Codec, rng.choice(["none", "opus", "mu-law"], p=[0.88, 0.02, 0.10])),
        level=float(rng.uniform(-24, 6)),
    )


def _draw_equalizer(rng: np.random.Generator) -> tuple[float, ...]:
    """Uneven by 2 dB per band and tilted by 1 dB per octave (SD), as voices and microphones are."""
    tilt = rng.normal(0, 1.0) * np.log2(_BANDS / 1000)
    return tuple((rng.normal(0, 2.0, len(_BANDS)) + tilt).tolist())


def recorded(samples: Samples, conditions: Conditions, rng: np.random.Generator) -> Samples:
    """``samples`` (n,) at 16 kHz as a recording made under ``conditions`` holds them; the same length."""
    length = len(samples)
    size = fft.next_fast_len(length + round(_ROOM_SECONDS * SAMPLE_RATE), real=True)
    spectrum, hertz = fft.rfft(samples, size), fft.rfftfreq(size, 1 / SAMPLE_RATE).astype(np.float32)
    if conditions.room:
        spectrum *= fft.rfft(_room(conditions.room, rng), size)
    if conditions.snr is not None:
        # The voice fills ``length`` of ``size`` samples, noise fills them all.
        spectrum += _noise_spectrum(spectrum, hertz, conditions, rng) * np.float32(math.sqrt(size / length))
    sound = fft.irfft(spectrum * _response(conditions, hertz), size)[:length] * 10 ** (conditions.level / 20)
    rounded: Samples = np.rint(np.clip(sound, -1, 1) * 32767).astype(np.float32) / np.float32(32767)
    return _coded(rounded, conditions.codec)


def without_speech(length: int, rng: np.random.Generator) -> Samples:
    """A window (length,) in which nobody speaks: digital silence, coloured noise, mains hum or held notes."""
    kind = rng.integers(4)
    time = np.arange(length) / SAMPLE_RATE
    if kind == 0:
        return np.zeros(length, np.float32)
    if kind == 1:
        hertz = fft.rfftfreq(length, 1 / SAMPLE_RATE)
        spectrum = fft.rfft(rng.normal(size=length)) * _slope(hertz.astype(np.float32), float(rng.uniform(-6, 0)))
        noise: Samples = fft.irfft(spectrum, length).astype(np.float32)
        return noise
    base = rng.choice([50.0, 60.0]) if kind == 2 else float(rng.uniform(110, 440))
    partials = base * (np.arange(1, 9) if kind == 2 else np.array([1, 1.25, 1.5, 2, 2.5, 3]))
    tones = sum(rng.uniform(0.1, 1) * np.sin(2 * np.pi * (f * time + rng.random())) for f in partials)
    return np.asarray(tones + rng.normal(0, 0.02, length), np.float32)


def _room(seconds: float, rng: np.random.Generator) -> Samples:
    """An impulse response: the direct sound, then noise that falls by 60 dB in ``seconds``."""
    time = np.arange(round(_ROOM_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / seconds)
    tail *= 10 ** (rng.uniform(-14, -2) / 20) / np.sqrt(np.sum(tail**2))
    tail[0] += 1.0
    return tail.astype(np.float32)


def _noise_spectrum(spectrum: Spectrum, hertz: Samples, conditions: Conditions, rng: np.random.Generator) -> Spectrum:
    parts = rng.standard_normal((2, len(hertz)), dtype=np.float32)
    noise = (parts[0] + 1j * parts[1]) * _slope(hertz, conditions.noise_slope)
    power = np.vdot(spectrum, spectrum).real / np.vdot(noise, noise).real
    scaled: Spectrum = noise * np.float32(np.sqrt(power) * 10 ** (-(conditions.snr or 0.0) / 20))
    return scaled


def _slope(hertz: Samples, decibels_per_octave: float) -> Samples:
    slope = (np.maximum(hertz, 50) / np.float32(1000)) ** np.float32(decibels_per_octave / _DECIBELS_OF_TWO)
    return slope.astype(np.float32)


def _response(conditions: Conditions, hertz: Samples) -> Samples:
    if not conditions.telephone and not any(conditions.equalizer):
        return np.ones_like(hertz)
    octaves = np.log2(np.maximum(hertz, 20))
    gain: NDArray[np.floating] = 10 ** (np.interp(octaves, np.log2(_BANDS), conditions.equalizer) / 20)
    if conditions.telephone:
        gain = gain / np.sqrt((1 + (300 / np.maximum(hertz, 1)) ** 8) * (1 + (hertz / 3400) ** 16))
    return gain.astype(np.float32)


def _coded(samples: Samples, codec: Codec) -> Samples:
    if codec == "mu-law":
        squeezed = np.sign(samples) * np.log1p(255 * np.abs(samples)) / np.log(256)
        steps = np.rint(squeezed * 127) / 127
        expanded = np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255
        return np.asarray(expanded, np.float32)
    return _through_opus(samples) if codec == "opus" else samples


def _through_opus(samples: Samples, bits_per_second: int = 16_000) -> Samples:
    """``samples`` (n,) after Opus at ``bits_per_second``; the same length."""
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as out:
        stream = out.add_stream("libopus", rate=SAMPLE_RATE, layout="mono", bit_rate=bits_per_second)
        frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="flt", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        out.mux([*stream.encode(frame), *stream.encode(None)])
    file.seek(0)
    with av.open(file, "r") as coded:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        frames = [piece for frame in coded.decode(audio=0) for piece in resampler.resample(frame)]
        decoded = np.concatenate([piece.to_ndarray()[0] for piece in [*frames, *resampler.resample(None)]])
    return np.pad(decoded, (0, max(0, len(samples) - len(decoded))))[: len(samples)].astype(np.float32)
