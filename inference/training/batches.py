"""Training batches: crops of the corpus as recordings of every quality, with what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.affect import normalized
from inference.highpass import take_hum_away
from inference.training.corpus import TARGET_HOP, Clip
from inference.training.nuisance import Conditions, draw_conditions, recorded, without_speech
from inference.training.voices import SAMPLE_RATE

Draw = Callable[[np.random.Generator], Conditions]

NO_SPEECH_SHARE = 0.03
FRAME_DELAY = 2
"""Rows between the first sample of a crop and the middle of what the encoder's first frame hears."""

WINDOW_MEASURES = ("f0_sd", "pause_share", "syllable_rate", "f0_mean", "level_sd", "tilt", "brightness", "breath")
"""Semitones / 2; 0..1; syllables per second / 5; octaves re 100 Hz; dB / 20; colour as in the frame targets. All over
the crop."""

NOTHING_SAID = np.array([0, 0, -2, 0, 0, 0, 0], np.float32)
"""Frame targets where nobody speaks."""

_PAUSE_LEVEL, _LOWEST_LEVEL = -1.35, -2.0
_FEW_VOICED_ROWS = 5


@dataclass(frozen=True, slots=True)
class Batch:
    """``waves`` (batch, samples), normalised; ``targets`` (batch, rows, 7); ``measures`` (batch, 8); ``latents``
    (batch, 3); ``speech`` (batch,) 1 where someone speaks. All float32.
    """

    waves: NDArray[np.float32]
    targets: NDArray[np.float32]
    measures: NDArray[np.float32]
    latents: NDArray[np.float32]
    speech: NDArray[np.float32]

    @property
    def columns(self) -> tuple[NDArray[np.float32], ...]:
        """All parts, in the order above."""
        return self.waves, self.targets, self.measures, self.latents, self.speech


def draw_batch(
    clips: list[Clip], size: int, seconds: float, rng: np.random.Generator, conditions: Draw = draw_conditions
) -> Batch:
    """``size`` random crops of ``seconds`` as recordings under ``conditions``; a few of them hold no speech."""
    crops = _crops(clips, size, seconds, rng)
    waves = np.stack([_heard(crop, rng, conditions) for crop in crops])
    measures = np.stack([window_measures(crop.targets) for crop in crops])
    targets, latents = np.stack([crop.targets for crop in crops]), np.stack([crop.latents for crop in crops])
    return Batch(waves, targets, measures, latents, np.array([crop.speech for crop in crops], np.float32))


def draw_pairs(
    clips: list[Clip], size: int, seconds: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Crops, each as two recordings of the same moment: waves (size, 2, samples), normalised, and latents (size, 3)."""
    crops = _crops(clips, size, seconds, rng)
    waves = np.stack([[_heard(crop, rng, draw_conditions) for _ in range(2)] for crop in crops])
    return waves, np.stack([crop.latents for crop in crops])


def window_measures(targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a crop sounds like as a whole, from its frame targets (rows, 7): (8,) as in ``WINDOW_MEASURES``."""
    f0, voiced, level, rate, *colour = targets.T
    spoken = voiced > 0
    if spoken.sum() < _FEW_VOICED_ROWS:
        return np.array([0, 1, 0, 0, 0, 0, 0, 0], np.float32)
    spread = 6 * f0[spoken].std()
    measures = [spread, np.mean(level < _PAUSE_LEVEL), rate.mean(), f0[spoken].mean(), level[spoken].std()]
    return np.array([*measures, *(part[spoken].mean() for part in colour)], np.float32)


@dataclass(frozen=True, slots=True)
class _Crop:
    samples: NDArray[np.float32]
    targets: NDArray[np.float32]
    latents: NDArray[np.float32]
    speech: bool


def _crops(clips: list[Clip], size: int, seconds: float, rng: np.random.Generator) -> list[_Crop]:
    rows = round(seconds * SAMPLE_RATE) // TARGET_HOP
    long_enough = [place for place in rng.integers(len(clips), size=4 * size) if len(clips[place].targets) >= rows]
    return [_crop(clips[place], rows, rng) for place in long_enough[:size]]


def _crop(clip: Clip, rows: int, rng: np.random.Generator) -> _Crop:
    if rng.random() < NO_SPEECH_SHARE:
        nothing = np.tile(NOTHING_SAID, (rows, 1))
        return _Crop(without_speech(rows * TARGET_HOP, rng), nothing, np.full(3, 0.5, np.float32), speech=False)
    start = int(rng.integers(len(clip.targets) - rows + 1))
    samples = clip.samples[start * TARGET_HOP : (start + rows) * TARGET_HOP].astype(np.float32) / np.float32(32767)
    targets = _levelled(clip.targets[start : start + rows].astype(np.float32))
    return _Crop(samples, targets, clip.latents, speech=True)


def _heard(crop: _Crop, rng: np.random.Generator, conditions: Draw) -> NDArray[np.float32]:
    if not crop.speech:
        return normalized(crop.samples)
    heard = recorded(crop.samples, conditions(rng), rng)
    take_hum_away(heard)
    return normalized(heard)


def _levelled(targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Frame targets (rows, 7) with the level re the mean of the voiced ones: a normalised crop has no other."""
    voiced = targets[:, 1] > 0
    if voiced.any():
        targets[:, 2] -= targets[voiced, 2].mean()
    targets[:, 2] = np.maximum(targets[:, 2], _LOWEST_LEVEL)
    return targets
