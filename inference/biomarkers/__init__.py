"""Acoustic measures of the patient's speech, each row of one table of definitions.

F0 and intensity come from the same 10 ms grid of frames over the patient's turns; frames are read through a view of
the recording in small batches, so that memory does not grow with its length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import librosa
import numpy as np
from numpy.typing import NDArray

from inference.biomarkers import pitch, rate
from inference.biomarkers.definitions import BY_CODE, DEFINITIONS, Definition
from inference.levels import decibels
from inference.results import Measure, Span, Turn
from inference.speech import pauses, total

__all__ = ["BY_CODE", "DEFINITIONS", "Definition", "measure"]

FRAME_SECONDS = 3 / pitch.FLOOR
"""Three periods of the lowest pitch, as Boersma (1993) asks."""

BATCH = 1000
MIN_VOICED = 20
"""Frames: 0.2 s of voice is the least that a mean or a spread of pitch may rest on."""

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Contours:
    """The patient's turns in steps of 10 ms, all shape ``(frames,)``.

    ``f0``: Hz, NaN where unvoiced. ``level``: dB relative to full scale. ``speaking``: false in pauses.
    """

    f0: FloatArray
    level: FloatArray
    speaking: Mask

    @property
    def voiced(self) -> Mask:
        """Frames of the patient's voice that have a pitch."""
        return np.isfinite(self.f0) & self.speaking


def measure(
    samples: FloatArray,
    sample_rate: int,
    turns: Sequence[Turn],
    speech: Sequence[Span],
    *,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Measure]:
    """Every measure of the table for ``samples`` (mono, ``(n,)``), code -> value and unit.

    ``turns`` and ``speech`` are the patient's alone. A measure without enough speech to rest on has the value None.
    """
    seen = contours(samples, sample_rate, turns, speech, progress=progress)
    values = _pitch(seen) | _intensity(seen, samples, sample_rate, speech) | _timing(seen, turns, speech)
    return {row.code: Measure(values[row.code], row.unit) for row in DEFINITIONS}


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
        return Contours(np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros(0, bool))
    frames = librosa.util.frame(samples, frame_length=length, hop_length=hop, axis=0)
    centres = (np.arange(len(frames)) * hop + length / 2) / sample_rate
    places = np.flatnonzero(_inside(centres, turns))
    offered, level = _look(frames, places, sample_rate, progress)
    return Contours(pitch.track(offered), level, _inside(centres[places], speech))


def _look(
    frames: FloatArray, places: NDArray[np.intp], sample_rate: int, progress: Callable[[float], None] | None
) -> tuple[pitch.Candidates, FloatArray]:
    """Pitch candidates and level (dB) of the frames at ``places``."""
    loudest = _loudest(frames, places)
    found: list[pitch.Candidates] = []
    levels: list[FloatArray] = []
    for start in range(0, len(places), BATCH):
        batch = frames[places[start : start + BATCH]]
        found.append(pitch.candidates(batch, sample_rate, loudest))
        levels.append(_levels(batch))
        if progress:
            progress(min(1.0, (start + BATCH) / len(places)))
    f0, strength = (np.concatenate([getattr(one, name) for one in found]) for name in ("f0", "strength"))
    return pitch.Candidates(f0, strength), np.concatenate(levels)


def _loudest(frames: FloatArray, places: NDArray[np.intp]) -> float:
    """A peak that one click cannot set: the 99th percentile of the frames' own peaks, seen every 50 ms."""
    peaks = [float(np.abs(frames[place]).max()) for place in places[::5]]
    return float(np.quantile(peaks, 0.99)) if peaks else 0.0


def _levels(frames: FloatArray) -> FloatArray:
    window = np.square(np.hanning(frames.shape[1] + 2)[1:-1]).astype(np.float32)
    return decibels(np.square(frames) @ (window / window.sum()))


def _inside(times: NDArray[np.float64], spans: Sequence[Span] | Sequence[Turn]) -> Mask:
    """Which ``times`` (ordered) lie inside one of ``spans``."""
    inside = np.zeros(len(times), bool)
    starts, ends = np.searchsorted(times, [s.start for s in spans]), np.searchsorted(times, [s.end for s in spans])
    for start, end in zip(starts, ends, strict=True):
        inside[start:end] = True
    return inside


def _pitch(seen: Contours) -> dict[str, float | None]:
    f0 = seen.f0[seen.voiced].astype(np.float64)
    if len(f0) < MIN_VOICED:
        return {"f0_mean": None, "f0_sd": None}
    return {"f0_mean": float(f0.mean()), "f0_sd": float(np.std(12 * np.log2(f0)))}


def _intensity(
    seen: Contours, samples: FloatArray, sample_rate: int, speech: Sequence[Span]
) -> dict[str, float | None]:
    level = seen.level[seen.voiced]
    spread = float(level.std(dtype=np.float64)) if len(level) >= MIN_VOICED else None
    return {"intensity_mean": _mean_level(samples, sample_rate, speech), "intensity_sd": spread}


def _mean_level(samples: FloatArray, sample_rate: int, speech: Sequence[Span]) -> float | None:
    energy, count = 0.0, 0
    for span in speech:
        part = samples[round(span.start * sample_rate) : round(span.end * sample_rate)]
        energy += float(np.dot(part, part))
        count += len(part)
    return 10 * float(np.log10(energy / count)) if energy > 0 else None


def _timing(seen: Contours, turns: Sequence[Turn], speech: Sequence[Span]) -> dict[str, float | None]:
    seconds = sum(turn.duration for turn in turns)
    if not seconds:
        return {"speech_rate": None, "pause_ratio": None, "pause_mean": None}
    silences = pauses(turns, speech)
    return {
        "speech_rate": rate.count_nuclei(seen.level, seen.voiced) / seconds,
        "pause_ratio": total(silences) / seconds,
        "pause_mean": total(silences) / len(silences) if silences else None,
    }
