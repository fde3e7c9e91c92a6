"""Rendered conversations of two voices with known truth, to measure how well the two are told apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.results import Span
from inference.speech import subtract
from inference.training.grammar import sentences
from inference.training.nuisance import CLEAN, recorded
from inference.training.prosody import draw_latents, prosody_of
from inference.training.synthesis import render_prosody
from inference.training.voices import SAMPLE_RATE, Voice

LEAST_PAUSE = 0.3
"""Seconds: a shorter silence inside a turn counts as speech, as usual in the truth of diarization."""

GAPS = (0.2, 1.2)
"""Seconds of silence between turns that do not overlap."""

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Conversation:
    """``channels`` (2, n) at 16 kHz, one per voice; ``speech``: the spans of each voice, which may overlap."""

    channels: Samples
    speech: tuple[tuple[Span, ...], tuple[Span, ...]]

    @property
    def mono(self) -> Samples:
        """Both voices on one channel, (n,)."""
        mixed: Samples = self.channels.sum(axis=0)
        return mixed


def conversation(
    voices: tuple[Voice, Voice],
    rng: np.random.Generator,
    *,
    seconds: float = 120.0,
    share: float = 0.65,
    overlap: float = 0.1,
    snr: float | None = 15.0,
) -> Conversation:
    """``voices`` in turn for about ``seconds``.

    ``share``: of the sentences that the first voice says; ``overlap``: share of the speech time in which both speak;
    ``snr``: dB of the room's noise, the same on both channels, ``None`` for none.
    """
    states = [prosody_of(draw_latents(rng)) for _ in voices]
    sounds: list[list[tuple[float, Samples]]] = [[], []]
    speech: list[list[Span]] = [[], []]
    end, who, spoken, both = 0.5, int(rng.integers(2)), 0.0, 0.0
    while end < seconds:
        count = 1 + int(rng.poisson(2 * (share if who == 0 else 1 - share)))
        made = render_prosody(sentences(rng, count, held_out=True), voices[who], states[who], rng)
        wanted = overlap * (spoken + made.duration) - both
        shared = float(min(wanted, 0.5 * made.duration, 2.0)) if spoken and wanted > 0.3 else 0.0
        start = end - shared if shared else end + float(rng.uniform(*GAPS))
        sounds[who].append((start, made.samples))
        pauses = [Span(start + a, start + b) for a, b in made.pauses if b - a >= LEAST_PAUSE]
        speech[who] += subtract([Span(start, start + made.duration)], pauses)
        spoken, both, end = spoken + made.duration, both + shared, start + made.duration
        who = 1 - who
    channels = np.stack([_laid(parts, end + 0.5) for parts in sounds])
    return Conversation(_noisy(channels, snr, rng), (tuple(speech[0]), tuple(speech[1])))


def _laid(parts: list[tuple[float, Samples]], seconds: float) -> Samples:
    channel = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    for start, samples in parts:
        first = round(start * SAMPLE_RATE)
        channel[first : first + len(samples)] += samples[: len(channel) - first]
    return channel


def _noisy(channels: Samples, snr: float | None, rng: np.random.Generator) -> Samples:
    """Half of the room's noise on each channel, so that the mixture has the ratio asked for."""
    if snr is None:
        return channels
    mixed = channels.sum(axis=0)
    noise = recorded(mixed, replace(CLEAN, snr=snr, noise_slope=-3.0), rng) - mixed
    heard: Samples = (channels + noise / 2).astype(np.float32)
    return heard
