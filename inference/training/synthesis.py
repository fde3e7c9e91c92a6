"""Speech with prosody to order: an engine's voice taken apart and put together again by WORLD (Morise et al. 2016).

samples = render(sentences(rng, 4), Voice("espeak", "en-gb+f2"), Latents(depression=0.8), rng).samples
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from inference.training.prosody import Latents, Prosody, prosody_of
from inference.training.voices import SAMPLE_RATE, Engine, EngineMissing, Voice, speak

FRAME_SECONDS = 0.005
SPEECH_RMS = 0.06
"""Level of what is rendered: about -24 dBFS while someone speaks."""

Array = NDArray[np.float64]

ARTICULATION_RATE = 4.6
"""Syllables per second between pauses of a speaker with neutral latents."""

_SILENCE = 1e-12
_DYNAMICS_LIMIT = 12.0


@dataclass(frozen=True, slots=True)
class Frames:
    """Speech as WORLD sees it, one row per 5 ms.

    ``f0`` (n,) Hz, 0 where unvoiced; ``envelope`` (n, bins) power; ``aperiodicity`` (n, bins) 0..1; ``onsets``:
    syllable starts in frames; ``joins``: frames at which a sentence ends.
    """

    f0: Array
    envelope: Array
    aperiodicity: Array
    onsets: Array
    joins: Array

    def rows(self, index: NDArray[np.intp]) -> tuple[Array, Array, Array]:
        """F0, envelope and aperiodicity of the frames ``index``."""
        return self.f0[index], self.envelope[index], self.aperiodicity[index]


@dataclass(frozen=True, slots=True)
class Rendering:
    """Rendered speech and what is known of it.

    ``samples`` (n,) float32 at 16 kHz; ``f0`` (frames,) Hz every 5 ms, 0 where unvoiced; ``level`` (frames,) dB;
    ``colour`` (frames, 3) as ``_colour`` tells; ``onsets`` seconds at which syllables start; ``pauses`` (k, 2) start
    and end in seconds of each inserted pause.
    """

    samples: NDArray[np.float32]
    f0: Array
    level: Array
    colour: Array
    onsets: Array
    pauses: Array

    @property
    def syllables(self) -> int:
        """How many syllables were said."""
        return len(self.onsets)

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / SAMPLE_RATE


def render(sentences: list[str], voice: Voice, latents: Latents, rng: np.random.Generator) -> Rendering:
    """``sentences`` said by ``voice`` as someone sounds with ``latents``; clean, at a fixed level.

    ``rng`` decides where pauses fall. Raises ``EngineMissing`` when the engine or pyworld is not installed.
    """
    return render_prosody(sentences, voice, prosody_of(latents), rng)


def render_prosody(sentences: list[str], voice: Voice, prosody: Prosody, rng: np.random.Generator) -> Rendering:
    """As ``render``, with the prosody given instead of derived."""
    frames = _faster(_joined([_analysed(voice.engine, voice.name, text) for text in sentences]), prosody, voice)
    # Places are chosen before anything is coloured, so that a pause does not move when only dynamics do.
    seconds, places = _pauses_for(frames, prosody, rng)
    frames = _recoloured(_repitched(frames, prosody, voice), prosody, voice)
    frames, pauses = _with_pauses(frames, seconds, places, rng)
    samples = _world().synthesize(frames.f0, frames.envelope, frames.aperiodicity, SAMPLE_RATE, FRAME_SECONDS * 1000)
    scale = SPEECH_RMS / math.sqrt(float(np.mean(samples**2)) / (1 - _share(pauses, len(frames.f0))) + _SILENCE)
    return Rendering(
        samples=np.clip(samples * scale, -1, 1).astype(np.float32),
        f0=frames.f0,
        level=_level(frames.envelope) + 20 * math.log10(scale),
        colour=_colour(frames),
        onsets=frames.onsets * FRAME_SECONDS,
        pauses=pauses * FRAME_SECONDS,
    )


def _world() -> Any:
    try:
        import pyworld
    except ImportError as error:
        raise EngineMissing(
            f"pyworld cannot be imported ({error}). Please install Undertone with its 'train' extra."
        ) from error
    return pyworld


@lru_cache(maxsize=48)
def _analysed(engine: Engine, name: str, sentence: str) -> Frames:
    """One sentence as frames, silence at its ends removed. Cached: analysis costs more than all the rest."""
    world, raw = _world(), speak(Voice(engine, name), sentence)
    f0, times = world.dio(raw.samples, SAMPLE_RATE, frame_period=FRAME_SECONDS * 1000)
    f0 = world.stonemask(raw.samples, f0, times, SAMPLE_RATE)
    envelope = world.cheaptrick(raw.samples, f0, times, SAMPLE_RATE)
    aperiodicity = world.d4c(raw.samples, f0, times, SAMPLE_RATE)
    level = _level(envelope)
    (heard,) = np.nonzero(level > level.max() - 45)
    first, last = int(heard[0]), int(heard[-1]) + 1
    onsets = np.clip(raw.onsets / FRAME_SECONDS - first, 0, last - first - 1)
    return Frames(f0[first:last], envelope[first:last], aperiodicity[first:last], onsets, np.array([last - first]))


def _level(envelope: Array) -> Array:
    """Level per frame in dB, (frames,)."""
    level: Array = 10 * np.log10(envelope.mean(axis=1) + _SILENCE)
    return level


def _colour(frames: Frames) -> Array:
    """Timbre per frame, (frames, 3): tilt in dB per octave (200 Hz to 5 kHz), brightness (3 to 6 kHz re 1 to 2.2 kHz)
    and breath (aperiodic share of the power, 1 to 4 kHz), both in dB.
    """
    hertz = np.linspace(0, SAMPLE_RATE / 2, frames.envelope.shape[1])
    octaves = np.arange(np.log2(200), np.log2(5000), 0.2)
    bins = np.rint(2**octaves / hertz[1]).astype(np.intp)
    deviation = octaves - octaves.mean()
    tilt = 10 * np.log10(frames.envelope[:, bins] + _SILENCE) @ deviation / (deviation @ deviation)
    bright, middle, breath = (_band(hertz, *band) for band in ((3000, 6000), (1000, 2200), (1000, 4000)))
    brightness = _level(frames.envelope[:, bright]) - _level(frames.envelope[:, middle])
    aperiodic = 10 * np.log10(np.mean(frames.aperiodicity[:, breath] ** 2, axis=1) + 1e-4)
    return np.stack([tilt, brightness, aperiodic], axis=1)


def _band(hertz: Array, low: float, high: float) -> NDArray[np.bool_]:
    return (hertz >= low) & (hertz < high)


def _joined(parts: list[Frames]) -> Frames:
    starts = np.cumsum([0, *(len(part.f0) for part in parts)])
    return Frames(
        np.concatenate([part.f0 for part in parts]),
        np.concatenate([part.envelope for part in parts]),
        np.concatenate([part.aperiodicity for part in parts]),
        np.concatenate([part.onsets + start for part, start in zip(parts, starts, strict=False)]),
        starts[1:].astype(np.float64),
    )


def _faster(frames: Frames, prosody: Prosody, voice: Voice) -> Frames:
    """At the articulation rate asked for, whatever the habits of the engine."""
    spoken = len(frames.onsets) / (len(frames.f0) * FRAME_SECONDS)
    rate = float(np.clip(ARTICULATION_RATE * prosody.rate * voice.rate / max(spoken, 0.1), 0.4, 2.5))
    count = round(len(frames.f0) / rate)
    index = np.minimum((np.arange(count) * rate).astype(np.intp), len(frames.f0) - 1)
    return Frames(*frames.rows(index), frames.onsets / rate, np.minimum(np.rint(frames.joins / rate), count))


def _repitched(frames: Frames, prosody: Prosody, voice: Voice) -> Frames:
    """F0 with the mean and the SD that were asked for; the shape of the contour stays the engine's."""
    voiced = frames.f0 > 0
    if not voiced.any():
        return frames
    semitones = 12 * np.log2(frames.f0[voiced])
    mean = semitones.mean()
    scale = prosody.f0_sd / max(float(semitones.std()), 0.1)
    f0 = np.zeros_like(frames.f0)
    moved = mean + voice.pitch + prosody.f0_shift + (semitones - mean) * scale
    f0[voiced] = np.clip(2 ** (moved / 12), 55, 550)
    return Frames(f0, frames.envelope, frames.aperiodicity, frames.onsets, frames.joins)


def _recoloured(frames: Frames, prosody: Prosody, voice: Voice) -> Frames:
    """Vocal tract, dynamics, tilt, brightness and breath."""
    bins = frames.envelope.shape[1]
    hertz = np.linspace(0, SAMPLE_RATE / 2, bins)
    octaves = np.log2(np.maximum(hertz, 125) / 1000)
    colour = prosody.tilt * octaves + prosody.brightness / (1 + np.exp(-(hertz - 2500) / 300))
    envelope = _stretched(frames.envelope, voice.tract)
    level = gaussian_filter1d(_level(envelope), 4)
    speaking = level > level.max() - 30
    swing = (prosody.dynamics - 1) * (level - level[speaking].mean())
    swing = np.clip(swing, -_DYNAMICS_LIMIT, _DYNAMICS_LIMIT)
    envelope = envelope * 10 ** ((colour[None, :] + swing[:, None]) / 10) + _SILENCE
    periodic = 1 - np.clip(_stretched(frames.aperiodicity, voice.tract), 0, 1) ** 2
    breath = 10 ** ((prosody.aspiration + 6 * np.clip(octaves, -1, 3)) / 10)
    aperiodicity = np.sqrt(np.clip(1 - periodic * (1 - np.minimum(breath, 0.95)), 0.0, 1.0))
    return Frames(frames.f0, envelope, aperiodicity, frames.onsets, frames.joins)


def _stretched(rows: Array, factor: float) -> Array:
    """Rows (frames, bins) with the frequency axis multiplied by 1 / ``factor``."""
    position = np.clip(np.arange(rows.shape[1]) * factor, 0, rows.shape[1] - 1)
    lower = np.minimum(position.astype(np.intp), rows.shape[1] - 2)
    part = position - lower
    stretched: Array = rows[:, lower] * (1 - part) + rows[:, lower + 1] * part
    return stretched


def _pauses_for(frames: Frames, prosody: Prosody, rng: np.random.Generator) -> tuple[float, NDArray[np.intp]]:
    """Seconds of silence that fill ``pause_ratio`` of the time, and the frames at which it is put in."""
    seconds = len(frames.f0) * FRAME_SECONDS * prosody.pause_ratio / (1 - prosody.pause_ratio)
    return seconds, _pause_places(frames, max(1, round(seconds / prosody.mean_pause)), rng)


def _with_pauses(
    frames: Frames, seconds: float, places: NDArray[np.intp], rng: np.random.Generator
) -> tuple[Frames, Array]:
    """``seconds`` of silence put in at ``places``, and where it is: (k, 2) in frames."""
    lengths = rng.gamma(4.0, size=len(places)) if len(places) else np.zeros(0)
    lengths = np.rint(lengths / max(lengths.sum(), 1e-9) * seconds / FRAME_SECONDS).astype(np.intp)
    index = np.insert(np.arange(len(frames.f0)), np.repeat(places, lengths), -1)
    f0, envelope, aperiodicity = frames.rows(index)
    quiet = index < 0
    f0[quiet], envelope[quiet], aperiodicity[quiet] = 0.0, _SILENCE, 1.0
    before = np.concatenate([[0], np.cumsum(lengths)])
    onsets = frames.onsets + before[np.searchsorted(places, frames.onsets, side="right")]
    starts = places + before[:-1]
    return Frames(f0, envelope, aperiodicity, onsets, frames.joins), np.stack([starts, starts + lengths], axis=1) * 1.0


def _pause_places(frames: Frames, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Where to pause, in frames: between sentences first, then at quiet moments, at least a quarter second apart."""
    level = gaussian_filter1d(_level(frames.envelope), 3)
    (dips,) = np.nonzero((level[1:-1] < level[:-2]) & (level[1:-1] <= level[2:]) & (level[1:-1] < level.max() - 12))
    wanted = [*rng.permutation(frames.joins[:-1]), *rng.permutation(dips + 1)]
    chosen: list[int] = []
    for place in wanted:
        if len(chosen) < count and all(abs(place - other) >= 0.25 / FRAME_SECONDS for other in chosen):
            chosen.append(int(place))
    return np.array(sorted(chosen), dtype=np.intp)


def _share(pauses: Array, frames: int) -> float:
    return float((pauses[:, 1] - pauses[:, 0]).sum() / max(frames, 1))
