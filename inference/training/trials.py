"""What the evaluation plays to a checkpoint: voices, texts and sentences that training never used.

Every trial is rendered with flite, an engine that is never in training, tuning or early stopping.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.training.grammar import sentences
from inference.training.prosody import Latents, Prosody, draw_latents, prosody_of
from inference.training.synthesis import render_prosody
from inference.training.voices import FLITE_VOICES, Voice, draw_flite_voice

SENTENCES = 3
POOL = 10
"""Held-out sentences per voice; analysing a sentence costs more than rendering it again."""

Samples = NDArray[np.float32]

SWEEPS: dict[str, tuple[tuple[float, ...], int]] = {
    "f0_sd": ((0.6, 1.6, 2.6, 3.6, 4.6), -1),
    "pause_ratio": ((0.05, 0.13, 0.21, 0.29, 0.37), 1),
    "rate": ((0.7, 0.84, 1.0, 1.19, 1.42), -1),
    "dynamics": ((0.6, 0.8, 1.0, 1.2, 1.4), -1),
}
"""Per cue: five doses, all else neutral, and the direction in which depression should move with them."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One rendered clip: who spoke, how, and the samples (n,) at 16 kHz."""

    voice: str
    latents: Latents
    samples: Samples


def clips(per_voice: int, seed: int = 1) -> list[Clip]:
    """Clips of every voice with random latents."""
    made = []
    for place, name in enumerate(FLITE_VOICES):
        rng = np.random.default_rng([seed, place])
        pool = sentences(rng, POOL, held_out=True)
        for _ in range(per_voice):
            latents = draw_latents(rng)
            samples = _said(_some(pool, rng), draw_flite_voice(rng, name), prosody_of(latents), rng)
            made.append(Clip(name, latents, samples))
    return made


def dose_series(cue: str, per_voice: int, seed: int = 2) -> Iterator[list[Samples]]:
    """Utterances in five doses of one ``cue``: the same words, voice and pauses, all else neutral."""
    doses, _ = SWEEPS[cue]
    neutral = prosody_of(Latents(0.5))
    for place, name in enumerate(FLITE_VOICES):
        rng = np.random.default_rng([seed, place])
        pool = sentences(rng, POOL, held_out=True)
        for number in range(per_voice):
            voice, texts = draw_flite_voice(rng, name), _some(pool, rng)
            doses_of_cue = [replace(neutral, **{cue: dose}) for dose in doses]
            yield [_said(texts, voice, prosody, np.random.default_rng([seed, number])) for prosody in doses_of_cue]


def renditions(count: int, seed: int = 3) -> Iterator[list[Samples]]:
    """For each voice and each of four severities, ``count`` clips of one speaker in one state, other words each."""
    for place, name in enumerate(FLITE_VOICES):
        rng = np.random.default_rng([seed, place])
        pool = sentences(rng, POOL, held_out=True)
        for severity in (0.15, 0.4, 0.6, 0.85):
            voice, prosody = draw_flite_voice(rng, name), prosody_of(Latents(severity))
            yield [_said([*_some(pool, rng), *_some(pool, rng)], voice, prosody, rng) for _ in range(count)]


def _some(pool: list[str], rng: np.random.Generator) -> list[str]:
    return [pool[int(place)] for place in rng.permutation(len(pool))[:SENTENCES]]


def _said(texts: list[str], voice: Voice, prosody: Prosody, rng: np.random.Generator) -> Samples:
    return render_prosody(texts, voice, prosody, rng).samples
