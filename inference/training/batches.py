"""Training batches: crops of the corpus as recordings of every quality, with what is known of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.affect import normalized
from inference.training.corpus import TARGET_HOP, Clip
from inference.training.nuisance import draw_conditions, recorded, without_speech
from inference.training.voices import SAMPLE_RATE

NO_SPEECH_SHARE = 0.03
FRAME_DELAY = 2
"""Rows between the first sample of a crop and the middle of what the encoder's first frame hears."""

WINDOW_MEASURES = ("f0_sd", "pause_share", "syllable_rate", "f0_mean", "level_sd")
"""Semitones / 2; 0..1; syllables per second / 5; octaves re 100 Hz; dB / 20. All over the crop."""

_PAUSE_LEVEL = -1.75
_FEW_VOICED_ROWS = 5


@dataclass(frozen=True, slots=True)
class Batch:
    """``waves`` (batch, samples), normalised; ``targets`` (batch, rows, 4); ``measures`` (batch, 5); ``latents``
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


def draw_batch(clips: list[Clip], size: int, seconds: float, rng: np.random.Generator) -> Batch:
    """``size`` random crops of ``seconds``; a few of them hold no speech and stand for 0.5 in every head."""
    rows = round(seconds * SAMPLE_RATE) // TARGET_HOP
    long_enough = [place for place in rng.integers(len(clips), size=4 * size) if len(clips[place].targets) >= rows]
    crops = [_crop(clips[place], rows, rng) for place in long_enough[:size]]
    waves, targets, latents, speech = (np.stack(column) for column in zip(*crops, strict=True))
    return Batch(waves, targets, np.stack([window_measures(t) for t in targets]), latents, speech)


def window_measures(targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a crop sounds like as a whole, from its frame targets (rows, 4): (5,) as in ``WINDOW_MEASURES``."""
    f0, voiced, level, rate = targets.T
    spoken = voiced > 0
    if spoken.sum() < _FEW_VOICED_ROWS:
        return np.array([0, 1, 0, 0, 0], np.float32)
    spread = 6 * f0[spoken].std()
    return np.array(
        [spread, np.mean(level < _PAUSE_LEVEL), rate.mean(), f0[spoken].mean(), level[spoken].std()], np.float32
    )


Crop = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], np.float32]


def _crop(clip: Clip, rows: int, rng: np.random.Generator) -> Crop:
    if rng.random() < NO_SPEECH_SHARE:
        nothing = np.tile(np.array([0, 0, -3, 0], np.float32), (rows, 1))
        wave = normalized(without_speech(rows * TARGET_HOP, rng))
        return wave, nothing, np.full(3, 0.5, np.float32), np.float32(0)
    start = int(rng.integers(len(clip.targets) - rows + 1))
    samples = clip.samples[start * TARGET_HOP : (start + rows) * TARGET_HOP].astype(np.float32) / np.float32(32767)
    wave = normalized(recorded(samples, draw_conditions(rng), rng))
    targets = clip.targets[start : start + rows].astype(np.float32)
    return wave, targets, clip.latents, np.float32(1)
