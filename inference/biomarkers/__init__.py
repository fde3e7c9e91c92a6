"""Acoustic measures of the patient's speech, each row of one table of definitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from inference import scratch
from inference.biomarkers import perturbation, spectrum, timing
from inference.biomarkers.contours import MIN_VOICED, Contours, contours
from inference.biomarkers.definitions import BY_CODE, DEFINITIONS, Definition
from inference.biomarkers.pitch import STEP_SECONDS
from inference.results import Measure, Span, Turn

__all__ = ["BY_CODE", "DEFINITIONS", "Definition", "measure"]

SLOPE_SECONDS = 0.1
"""A voiced stretch that is shorter has no slope to speak of."""

FloatArray = NDArray[np.float32]
Values = dict[str, float | None]


def measure(
    samples: FloatArray,
    sample_rate: int,
    turns: Sequence[Turn],
    speech: Sequence[Span],
    others: Sequence[Span] = (),
    *,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Measure]:
    """Every measure of the table for ``samples`` (mono, ``(n,)``), code -> value and unit.

    ``turns`` are everybody's, in order; ``speech`` is the patient's, ``others`` everybody else's. All but the
    patient's answers and share of the talk rests on the patient alone. A measure without enough speech to rest on has
    the value None.
    """
    own = [turn for turn in turns if turn.speaker == "patient"]
    seen = contours(samples, sample_rate, own, speech, progress=progress)
    values = (
        _pitch(seen) | _intensity(seen, samples, sample_rate, speech) | timing.measures(seen, turns, speech, others)
    )
    values |= _harmonicity(seen) | perturbation.measures(samples, sample_rate, seen)
    values |= spectrum.measures(samples, sample_rate, seen)
    return {row.code: Measure(values[row.code], row.unit) for row in DEFINITIONS}


def _pitch(seen: Contours) -> Values:
    f0 = seen.f0[seen.voiced].astype(np.float64)
    if len(f0) < MIN_VOICED:
        return dict.fromkeys(("f0_mean", "f0_sd", "f0_range", "f0_slope"))
    semitones = 12 * np.log2(f0)
    low, high = np.quantile(semitones, [0.2, 0.8])
    spread = {"f0_sd": float(np.std(semitones)), "f0_range": float(high - low)}
    return {"f0_mean": float(f0.mean()), **spread, "f0_slope": _slope(seen)}


def _slope(seen: Contours) -> float | None:
    """Mean steepness of pitch in voiced stretches, semitones per second, whichever way it goes."""
    places = np.flatnonzero(seen.voiced)
    breaks = np.flatnonzero((np.diff(places) > 1) | (np.diff(seen.centres[places]) > 1.5 * STEP_SECONDS)) + 1
    long = [part for part in np.split(places, breaks) if len(part) * STEP_SECONDS >= SLOPE_SECONDS]
    if not long:
        return None
    slopes = [np.polyfit(seen.centres[part], 12 * np.log2(seen.f0[part].astype(np.float64)), 1)[0] for part in long]
    return float(np.average(np.abs(slopes), weights=[len(part) for part in long]))


def _intensity(seen: Contours, samples: FloatArray, sample_rate: int, speech: Sequence[Span]) -> Values:
    level = seen.level[seen.voiced].astype(np.float64)
    mean = _mean_level(samples, sample_rate, speech)
    if len(level) < MIN_VOICED:
        return {"intensity_mean": mean, "intensity_sd": None, "intensity_range": None}
    low, high = np.quantile(level, [0.2, 0.8])
    return {"intensity_mean": mean, "intensity_sd": float(level.std()), "intensity_range": float(high - low)}


def _mean_level(samples: FloatArray, sample_rate: int, speech: Sequence[Span]) -> float | None:
    energy, count = 0.0, 0
    for span in speech:
        part = samples[round(span.start * sample_rate) : round(span.end * sample_rate)]
        energy += float(np.dot(part, part))
        scratch.release(part)
        count += len(part)
    return 10 * float(np.log10(energy / count)) if energy > 0 else None


def _harmonicity(seen: Contours) -> Values:
    """Mean harmonics-to-noise ratio: what of the power repeats itself over what does not (Boersma 1993)."""
    periodicity = np.clip(seen.periodicity[seen.voiced].astype(np.float64), 1e-6, 1 - 1e-6)
    if len(periodicity) < MIN_VOICED:
        return {"hnr": None}
    return {"hnr": float((10 * np.log10(periodicity / (1 - periodicity))).mean())}
