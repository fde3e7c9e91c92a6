"""From latent depression, arousal and valence to the prosody that the literature reports for them.

Directions: Cummins et al. 2015 (review of speech in depression: less pitch variation, slower, longer pauses, flatter
dynamics, softer voice), Cannizzaro et al. 2004 and Mundt et al. 2012 (rate and pauses), Juslin & Laukka 2003 and
Goudbeek & Scherer 2010 (arousal and valence). The sizes are ours: this is a model of named cues, not of depression.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

CORRELATIONS = np.array([[1.0, -0.5, -0.45], [-0.5, 1.0, 0.25], [-0.45, 0.25, 1.0]])
"""Of depression, valence and arousal, in the Gaussian copula."""


_EFFECTS = np.array(
    # depression, valence, arousal, each in -1..1
    [
        [-1.8, 0.7, 0.7],  # F0 SD, semitones
        [-0.5, 1.2, 2.5],  # F0 shift, semitones
        [-0.2, 0.0, 0.2],  # log rate
        [0.16, 0.0, -0.05],  # pause ratio
        [0.5, 0.0, 0.0],  # log mean pause
        [-0.3, 0.0, 0.2],  # exponent of dynamics
        [-1.3, 0.5, 1.3],  # tilt, dB per octave
        [0.0, 2.5, 0.0],  # brightness, dB
        [7.0, 0.0, -2.0],  # aspiration, dB
    ]
)


@dataclass(frozen=True, slots=True)
class Latents:
    """How someone sounds, each in 0..1 with 0.5 neutral; in the order of ``inference.results.HEADS``."""

    depression: float
    valence: float = 0.5
    arousal: float = 0.5


@dataclass(frozen=True, slots=True)
class Prosody:
    """What is heard.

    ``f0_sd``: semitones. ``f0_shift``: semitones on the speaker's mean. ``rate``: factor. ``pause_ratio``: share of
    the time. ``mean_pause``: seconds. ``dynamics``: exponent on loudness (1 as it is). ``tilt``: dB per octave.
    ``brightness``: dB above 2.5 kHz. ``aspiration``: breath noise re the voice, dB.
    """

    f0_sd: float
    f0_shift: float
    rate: float
    pause_ratio: float
    mean_pause: float
    dynamics: float
    tilt: float
    brightness: float
    aspiration: float


def prosody_of(
    latents: Latents, rng: np.random.Generator | None = None, spread: float = 0.0, followed: float = 1.0
) -> Prosody:
    """The prosody of ``latents``.

    With ``rng``, each cue follows its own slightly different latents (normal, SD ``spread`` in -1..1 units), as people
    show the same state through different cues: no cue alone then tells the label. Each cue follows the latents with
    probability ``followed``, else it stays near neutral: a state may show in few cues.
    """
    z = np.array([latents.depression, latents.valence, latents.arousal]) * 2 - 1
    own = np.tile(z, (len(_EFFECTS), 1))
    if rng is not None:
        own *= rng.random((len(_EFFECTS), 1)) < followed
        own += rng.normal(0, spread, _EFFECTS.shape)
    f0_sd, f0_shift, rate, ratio, pause, dynamics, tilt, brightness, aspiration = (
        float(effect) for effect in (np.clip(own, -1.25, 1.25) * _EFFECTS).sum(axis=1)
    )
    return Prosody(
        f0_sd=max(0.25, 2.6 + f0_sd),
        f0_shift=f0_shift,
        rate=math.exp(rate),
        pause_ratio=min(max(0.20 + ratio, 0.02), 0.5),
        mean_pause=0.5 * math.exp(pause),
        dynamics=1 + dynamics,
        tilt=tilt,
        brightness=brightness,
        aspiration=-30 + aspiration,
    )


def draw_latents(rng: np.random.Generator, *, independent: bool = False) -> Latents:
    """Uniform latents, correlated as ``CORRELATIONS`` says or ``independent`` of one another."""
    correlations = np.eye(3) if independent else CORRELATIONS
    return Latents(*norm.cdf(rng.multivariate_normal(np.zeros(3), correlations)).tolist())
