"""What the evaluation plays to a checkpoint: voices and sentences that training never used.

``HELD_OUT`` speaks with flite, an engine that is never in training, tuning or early stopping. ``FOR_TUNING`` speaks
with espeak-ng voices of the validation split: choices are made on it, and the held-out engine says what they are worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from inference.training.grammar import sentences
from inference.training.prosody import Latents, Prosody, draw_latents, prosody_of
from inference.training.synthesis import render_prosody
from inference.training.voices import FLITE_VOICES, Engine, Voice, draw_body

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


@dataclass(frozen=True, slots=True)
class Cast:
    """Who speaks in the trials: raw ``voices`` of one ``engine``, and whether their words are held out too."""

    engine: Engine
    voices: tuple[str, ...]
    held_out: bool

    def speakers(self, seed: int) -> Iterator[tuple[np.random.Generator, list[str], Callable[[], Voice]]]:
        """For each voice: random numbers, a pool of sentences, and a function that gives the voice another body."""
        for place, name in enumerate(self.voices):
            rng = np.random.default_rng([seed, place])
            yield rng, sentences(rng, POOL, held_out=self.held_out), partial(draw_body, self.engine, name, rng)


HELD_OUT = Cast("flite", FLITE_VOICES, held_out=True)
FOR_TUNING = Cast(
    "espeak", ("en-us+m4", "en-gb-x-rp+f4", "en-gb-scotland+caleb", "en-029+john", "en+Mike"), held_out=False
)


def clips(cast: Cast, per_voice: int, seed: int = 1) -> list[Clip]:
    """Clips of every voice with random latents."""
    made = []
    for rng, pool, someone in cast.speakers(seed):
        for _ in range(per_voice):
            latents, voice = draw_latents(rng), someone()
            made.append(Clip(voice.name, latents, _said(_some(pool, rng), voice, prosody_of(latents), rng)))
    return made


def dose_series(cast: Cast, cue: str, per_voice: int, seed: int = 2) -> Iterator[list[Samples]]:
    """Utterances in five doses of one ``cue``: the same words, voice and random numbers, all else neutral."""
    doses, _ = SWEEPS[cue]
    neutral = prosody_of(Latents(0.5))
    for rng, pool, someone in cast.speakers(seed):
        for number in range(per_voice):
            voice, texts = someone(), _some(pool, rng)
            doses_of_cue = [replace(neutral, **{cue: dose}) for dose in doses]
            yield [_said(texts, voice, prosody, np.random.default_rng([seed, number])) for prosody in doses_of_cue]


def renditions(cast: Cast, count: int, seed: int = 3) -> Iterator[list[Samples]]:
    """For each voice and each of four severities, ``count`` clips of one speaker in one state, other words each."""
    for rng, pool, someone in cast.speakers(seed):
        for severity in (0.15, 0.4, 0.6, 0.85):
            voice, prosody = someone(), prosody_of(Latents(severity))
            yield [_said([*_some(pool, rng), *_some(pool, rng)], voice, prosody, rng) for _ in range(count)]


def _some(pool: list[str], rng: np.random.Generator) -> list[str]:
    return [pool[int(place)] for place in rng.permutation(len(pool))[:SENTENCES]]


def _said(texts: list[str], voice: Voice, prosody: Prosody, rng: np.random.Generator) -> Samples:
    return render_prosody(texts, voice, prosody, rng).samples
