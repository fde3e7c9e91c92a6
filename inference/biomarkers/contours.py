"""Pitch, level and harmonicity over the patient's turns, on one grid of 10 ms that all measures share.

Frames are read through a view of the recording in small batches, so that memory does not grow with its length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.biomarkers import pitch
from inference.levels import batches, decibels, frames_of
from inference.results import Span, Turn

FRAME_SECONDS = 3 / pitch.FLOOR
"""Three periods of the lowest pitch, as Boersma (1993) asks."""

BATCH = 250
"""Frames at once: more would not fit a core's cache, and take memory."""

MIN_VOICED = 20
"""Frames: 0.2 s of voice is the least that a mean or a spread of pitch may rest on."""

VOWELS = (400.0, 4000.0)
"""Hz: here vowels are strong, while nasals, liquids and the voice bar of stops, which also have a pitch, are weak."""

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Contours:
    """The patient's turns in steps of 10 ms, all shape ``(frames,)``.

    ``f0``: Hz, NaN where unvoiced. ``periodicity``: normalised autocorrelation at that pitch, 0..1. ``level``: dB
    relative to full scale; ``vowel_level``: dB in the band of vowels, to any fixed reference. ``speaking``: false in
    pauses. ``centres``: seconds from the start of the recording.
    """

    f0: FloatArray
    periodicity: FloatArray
    level: FloatArray
    vowel_level: FloatArray
    speaking: Mask
    centres: NDArray[np.float64]

    @property
    def voiced(self) -> Mask:
        """Frames of the patient's voice that have a pitch."""
        return np.isfinite(self.f0) & self.speaking


def contours(
    samples: FloatArray,
    sample_rate: int,
    turns: Sequence[Turn],
    speech: Sequence[Span],
    *,
    progress: Callable[[float], None] | None = None,
) -> Contours:
    """Pitch and level over the patient's turns."""
    length, hop = round(FRAME_SECONDS * sample_rate), round(pitch.STEP_SECONDS * sample_rate)
    if len(samples) < length or not turns:
        nothing = np.zeros(0, np.float32)
        return Contours(nothing, nothing, nothing, nothing, np.zeros(0, bool), np.zeros(0))
    frames = frames_of(samples, length, hop)
    centres = (np.arange(len(frames)) * hop + length / 2) / sample_rate
    places = np.flatnonzero(_inside(centres, turns))
    offered, level, vowel_level = _look(frames, places, sample_rate, progress)
    f0, periodicity = pitch.track(offered)
    return Contours(f0, periodicity, level, vowel_level, _inside(centres[places], speech), centres[places])


def _look(
    frames: FloatArray, places: NDArray[np.intp], sample_rate: int, progress: Callable[[float], None] | None
) -> tuple[pitch.Candidates, FloatArray, FloatArray]:
    """Pitch candidates, level and level in the band of vowels (dB) of the frames at ``places``."""
    loudest = pitch.loudest(frames, places)
    # Filled in place: a long recording's candidates would otherwise be held twice.
    offered = pitch.no_candidates(len(places))
    levels, vowels = (np.empty(len(places), np.float32) for _ in range(2))
    for rows, batch in batches(frames, places, BATCH):
        power = pitch.spectra(batch)
        found = pitch.candidates(batch, power, sample_rate, loudest)
        offered.f0[rows], offered.strength[rows] = found.f0, found.strength
        levels[rows], vowels[rows] = _levels(batch), _band_levels(power, sample_rate)
        if progress:
            progress(min(1.0, rows.stop / len(places)))
    return offered, levels, vowels


def _levels(frames: FloatArray) -> FloatArray:
    window = np.square(np.hanning(frames.shape[1] + 2)[1:-1]).astype(np.float32)
    return decibels(np.square(frames) @ (window / window.sum()))


def _band_levels(power: FloatArray, sample_rate: int) -> FloatArray:
    low, high = (round(2 * edge / sample_rate * (power.shape[1] - 1)) for edge in VOWELS)
    return decibels(power[:, low:high].sum(axis=1) / power.shape[1] ** 2)


def _inside(times: NDArray[np.float64], spans: Sequence[Span] | Sequence[Turn]) -> Mask:
    """Which ``times`` (ordered) lie inside one of ``spans``."""
    inside = np.zeros(len(times), bool)
    starts, ends = np.searchsorted(times, [s.start for s in spans]), np.searchsorted(times, [s.end for s in spans])
    for start, end in zip(starts, ends, strict=True):
        inside[start:end] = True
    return inside


def frames_at(samples: FloatArray, sample_rate: int, centres: NDArray[np.float64], size: int) -> Iterator[FloatArray]:
    """The frames around ``centres`` (seconds, from ``Contours``), ``size`` at a time: (frames, samples)."""
    length, hop = round(FRAME_SECONDS * sample_rate), round(pitch.STEP_SECONDS * sample_rate)
    places = np.rint((centres * sample_rate - length / 2) / hop).astype(np.int64)
    return (batch for _, batch in batches(frames_of(samples, length, hop), places, size))
