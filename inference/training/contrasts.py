"""Pairs of clips that differ in the dose of one cue alone, so that heads learn to count each cue by itself.

Latents move many cues at once. A regression then leans on those that are heard best and lets a weaker one, such as
dynamics, count for nothing or the wrong way. In a pair all else is equal: voice, words, pauses, recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.affect import AffectiveModel, normalized
from inference.highpass import take_hum_away
from inference.results import Span
from inference.training.corpus import SENTENCES_PER_CLIP, draw_speaker
from inference.training.grammar import sentences
from inference.training.nuisance import draw_conditions, recorded
from inference.training.prosody import draw_latents, prosody_of
from inference.training.synthesis import render_prosody
from inference.training.trials import SWEEPS
from inference.training.voices import SAMPLE_RATE
from inference.windows import cut, windows_over

SPEAKERS = 56
LEAST_STEP = 0.3
"""Share of a cue's range by which the two doses differ at least."""

_STRAY = 0.4

Samples = NDArray[np.float32]


def contrasts(model: AffectiveModel, seed: int, speakers: int = SPEAKERS) -> Tensor:
    """Pooled statistics (pairs, 2, width) of training voices: first the clip that should sound less depressed."""
    rng = np.random.default_rng([seed, speakers])
    with torch.inference_mode():
        pairs = [torch.stack([_heard(model, sound) for sound in pair]) for pair in sound_pairs(rng, speakers)]
    # clone: what inference_mode made cannot be trained on
    return torch.stack(pairs).clone()


def sound_pairs(rng: np.random.Generator, speakers: int) -> Iterator[tuple[Samples, Samples]]:
    """For each speaker and cue two recordings (n,), alike but for the cue; the second should sound more depressed."""
    for _ in range(speakers):
        voice, texts = draw_speaker(rng, "train"), sentences(rng, SENTENCES_PER_CLIP)
        for cue, (range_, direction) in SWEEPS.items():
            prosody = prosody_of(draw_latents(rng, independent=True), rng, _STRAY)
            conditions, seed = draw_conditions(rng), int(rng.integers(2**31))
            less, more = (
                recorded(
                    render_prosody(texts, voice, replace(prosody, **{cue: dose}), np.random.default_rng(seed)).samples,
                    conditions,
                    np.random.default_rng(seed),
                )
                for dose in _two_doses(range_[0], range_[-1], rng)[::direction]
            )
            yield less, more


def _two_doses(low: float, high: float, rng: np.random.Generator) -> list[float]:
    """Two doses of a cue in ascending order, clearly apart."""
    first, second = sorted(rng.uniform(low, high, 2).tolist())
    return [first, second] if second - first >= LEAST_STEP * (high - low) else [low, high]


def _heard(model: AffectiveModel, sound: Samples) -> Tensor:
    """Mean pooled statistics (width,) over the windows of ``sound``: a linear head scores them as it does the clip."""
    take_hum_away(sound)
    whole = [Span(0.0, len(sound) / SAMPLE_RATE)]
    windows = np.stack([normalized(cut(sound, SAMPLE_RATE, window)) for window in windows_over(whole, whole)])
    hidden, _ = model.frames(torch.from_numpy(windows).to(next(model.parameters()).device))
    return model.pooled(hidden).mean(dim=0).cpu()
