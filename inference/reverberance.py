"""How long a room rings, guessed from speech alone.

Where a voice falls silent, the room goes on, and its energy falls along a straight line in dB. Two things are looked at
in four octave bands, and the shorter answer counts, because each errs by being too long:

- A line is laid through every 0.3 s of level. Of the lines that fit and fall, the steeper ones show the room: nothing
  can fall faster than the room lets it, while a voice that fades by itself falls more slowly. In dry speech there are
  too few of them.
- How sharply loud speech breaks off within 0.1 s, be it into noise: the direct sound's part and what a room lets fall.

The idea is that of Ratnam et al. (2003, Journal of the Acoustical Society of America 114, 2877-2892), with the
distribution of decay rates in bands in place of their maximum-likelihood fit (Wen, Habets and Naylor 2008, Proc.
ICASSP, 329-332). The second way, the quantiles and the limits are ours, set on synthetic speech in rooms of
exponentially falling noise; no recording from a real room was tried.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import scipy  # its parts load when they are used: the pages import this module too
from numpy.typing import NDArray

from inference.levels import decibels, frames_of

RATE = 16_000
FRAME, HOP = 512, 320
EDGES = (250, 500, 1000, 2000, 4000)
"""Hz: a telephone keeps these bands, and the high-pass against hum does not reach them."""

LINE = 15
"""Levels, 20 ms apart, that a line is laid through: 0.3 s. What rings for less than 0.2 s is gone before."""

STRAIGHT = 2.5
"""dB by which the level may stray from its line (RMS): noise in one band for 32 ms strays by about that."""

ABOVE_NOISE = 10.0
QUIET = 0.05
"""The quantile of the level that stands for the noise; a decay counts where it ends ``ABOVE_NOISE`` dB above."""

STEEP = 0.8
"""The quantile of decay rates that stands for the room."""

FEWEST = 2.0
"""Lines per second of speech: a dry recording has under one, a room of 0.4 s has five or more."""

SHARP, SHARPEST = 5, 0.98
"""Levels (0.1 s) over which the voice may break off, and the quantile of such falls that is looked at."""

DIRECT = 7.0
"""dB of such a fall that are the direct sound's: the rest is the room's, 60 dB in its reverberation time."""

LOUD, NEARLY_LOUD = 0.95, 20.0
"""A fall counts where it begins at most the second, in dB, below this quantile of the level."""

RANGE = 30.0
"""dB between loud speech and noise in a band that can be judged; where none has it, all are."""

SHORTEST, LONGEST = 0.2, 3.0
"""Seconds: a room that rings for less cannot be told from the voice's own decay; one that rings for more is a cave."""

FloatArray = NDArray[np.float32]


def reverberation_time(pieces: Iterable[FloatArray], seconds: float) -> float:
    """Seconds in which sound falls by 60 dB (RT60), between ``SHORTEST`` and ``LONGEST``; a rough guess.

    ``pieces`` (n,): speech with what follows it, mono at 16 kHz, in which nobody else speaks; ``seconds``: of speech in
    them. Where the room is much weaker than the direct sound (10 dB and more), the guess is too low.
    """
    levels = [_levels(piece) for piece in pieces if len(piece) >= FRAME + (LINE - 1) * HOP]
    if not levels:
        return SHORTEST
    noise, loud = np.quantile(np.concatenate(levels), [QUIET, LOUD], axis=0)
    if (clear := loud - noise >= RANGE).any():
        levels, noise, loud = [level[:, clear] for level in levels], noise[clear], loud[clear]
    rates = np.concatenate([_decay_rates(level, noise) for level in levels])
    falls = np.concatenate([_sharp_falls(level, loud) for level in levels])
    from_lines = 60 / np.quantile(rates, STEEP) if len(rates) >= max(1.0, FEWEST * seconds) else LONGEST
    sharpest = np.quantile(falls, SHARPEST) - DIRECT if len(falls) else 0.0
    from_falls = 60 * SHARP * HOP / RATE / max(float(sharpest), 1.0)
    return float(np.clip(min(from_lines, from_falls), SHORTEST, LONGEST))


def _levels(piece: FloatArray) -> FloatArray:
    """Level in dB of each band, every 20 ms: (frames, bands)."""
    window = np.hanning(FRAME + 2)[1:-1].astype(np.float32)
    spectra = scipy.fft.rfft(frames_of(piece, FRAME, HOP) * window, axis=1)
    power = np.square(spectra.real) + np.square(spectra.imag)
    bins = [round(edge * FRAME / RATE) for edge in EDGES]
    return decibels(np.add.reduceat(power, bins, axis=1)[:, : len(EDGES) - 1])


def _decay_rates(levels: FloatArray, noise: NDArray[np.floating]) -> FloatArray:
    """How fast, in dB per second, ``levels`` (frames, bands) fall in straight lines above the ``noise``: (falls,)."""
    lines = np.lib.stride_tricks.sliding_window_view(levels, LINE, axis=0)  # (lines, bands, levels)
    times = (np.arange(LINE, dtype=np.float32) - (LINE - 1) / 2) * HOP / RATE
    slopes = lines @ (times / np.square(times).sum())
    astray = lines.var(axis=2) - np.square(slopes) * np.square(times).mean()
    falls = (slopes < 0) & (astray < STRAIGHT**2) & (levels[LINE - 1 :] > noise + ABOVE_NOISE)
    rates: FloatArray = -slopes[falls]
    return rates


def _sharp_falls(levels: FloatArray, loud: NDArray[np.floating]) -> FloatArray:
    """By how many dB loud speech in ``levels`` (frames, bands) falls within 0.1 s, be it into noise: (falls,)."""
    before, after = levels[:-SHARP], levels[SHARP:]
    falls: FloatArray = (before - after)[before > loud - NEARLY_LOUD]
    return falls
