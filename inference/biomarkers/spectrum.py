"""The colour of the voice: measures of the spectrum of voiced frames, every 20 ms.

Spectral balance as in eGeMAPS (Eyben et al. 2016); cepstral peak prominence after Hillenbrand and Houde (1996);
formants by linear prediction of the spectrum below a ceiling (Makhoul 1975), which needs no resampling.
"""

from __future__ import annotations

import numpy as np
import scipy  # its parts load when they are used: the pages import this module too
from numpy.typing import NDArray

from inference.biomarkers.contours import MIN_VOICED, Contours, frames_at

EVERY = 2
"""Frames of the 10 ms grid between two spectra."""

SIZE = 1024
BATCH = 500
QUEFRENCIES = (1 / 330, 1 / 60)
"""Seconds: where the cepstral peak of a voice is looked for."""

FIT_FROM = 0.001
"""Seconds: the regression line leaves out what the vocal tract does."""

ORDER = 10
"""Of the linear prediction: two per formant below the ceiling."""

LOW_VOICE = 165.0
CEILINGS = (5000.0, 5500.0)
"""Hz: five formants lie below it, in longer vocal tracts (voices under ``LOW_VOICE``) and in shorter ones."""

EMPHASIS = 50.0
"""Hz from which the spectrum is raised by 6 dB per octave before the prediction, as the glottis lowers it."""

CODES = (
    "cpp", "alpha_ratio", "hammarberg_index", "spectral_slope_0_500", "spectral_slope_500_1500",
    "f1_mean", "f2_mean", "f3_mean",
)  # fmt: skip

_TINY = 1e-20

FloatArray = NDArray[np.float32]
Array = NDArray[np.float64]


def measures(samples: FloatArray, sample_rate: int, seen: Contours) -> dict[str, float | None]:
    """Every measure in ``CODES``: its mean over voiced frames; None where there is too little voice."""
    places = np.flatnonzero(seen.voiced)
    if len(places) < MIN_VOICED:
        return dict.fromkeys(CODES)
    ceiling = CEILINGS[int(np.median(seen.f0[places]) > LOW_VOICE)]
    centres = seen.centres[places[::EVERY]]
    batches = frames_at(samples, sample_rate, centres, BATCH)
    found = [_of_frames(batch, sample_rate, ceiling) for batch in batches]
    return dict(zip(CODES, _means(np.concatenate(found)), strict=True))


def _means(rows: Array) -> list[float | None]:
    """Mean of each column of ``rows`` (frames, measures) over its values; None for a column without any."""
    counts = np.isfinite(rows).sum(axis=0)
    return [float(np.nanmean(column)) if count else None for column, count in zip(rows.T, counts, strict=True)]


def _of_frames(frames: FloatArray, sample_rate: int, ceiling: float) -> Array:
    """(frames, samples) to (frames, measures), in the order of ``CODES``."""
    window = np.hanning(frames.shape[1] + 2)[1:-1].astype(np.float32)
    spectrum = scipy.fft.rfft((frames - frames.mean(axis=1, keepdims=True)) * window, SIZE, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag) + np.float32(_TINY)
    hertz = np.arange(power.shape[1]) * sample_rate / SIZE
    level = 10 * np.log10(power)
    formants = _formants(power[:, hertz <= ceiling], hertz[hertz <= ceiling], ceiling)
    return np.column_stack([_prominence(level, sample_rate), *_balance(power, level, hertz), formants]).astype(
        np.float64
    )


def _balance(power: FloatArray, level: FloatArray, hertz: Array) -> list[FloatArray]:
    low, high = power[:, _band(hertz, 50, 1000)].sum(axis=1), power[:, _band(hertz, 1000, 5000)].sum(axis=1)
    peaks = level[:, _band(hertz, 0, 2000)].max(axis=1) - level[:, _band(hertz, 2000, 5000)].max(axis=1)
    slopes = [_slope(level[:, band], hertz[band]) for band in (_band(hertz, 0, 500), _band(hertz, 500, 1500))]
    return [10 * np.log10(high / low), peaks, *slopes]


def _band(hertz: Array, start: float, end: float) -> NDArray[np.bool_]:
    return (hertz >= start) & (hertz < end)


def _slope(level: FloatArray, hertz: Array) -> FloatArray:
    """Slope of the straight line through ``level`` (frames, bins), in dB per kHz: (frames,)."""
    centred = (hertz - hertz.mean()) / 1000
    slope: FloatArray = level @ (centred / np.square(centred).sum()).astype(np.float32)
    return slope


def _prominence(level: FloatArray, sample_rate: int) -> FloatArray:
    """Cepstral peak over the regression line at its quefrency, in dB: (frames,)."""
    cepstrum = np.abs(scipy.fft.irfft(level, axis=1)[:, : SIZE // 2])
    decibels = 20 * np.log10(cepstrum + np.float32(_TINY))
    first, last = (round(edge * sample_rate) for edge in QUEFRENCIES)
    fitted = np.arange(round(FIT_FROM * sample_rate), SIZE // 2)
    centred = fitted - fitted.mean()
    slope = decibels[:, fitted] @ (centred / np.square(centred).sum()).astype(np.float32)
    peak = first + decibels[:, first : last + 1].argmax(axis=1)
    line = decibels[:, fitted].mean(axis=1) + slope * (peak - fitted.mean())
    prominence: FloatArray = decibels[np.arange(len(peak)), peak] - line
    return prominence


def _formants(power: FloatArray, hertz: Array, ceiling: float) -> Array:
    """The first three formants in Hz, (frames, 3), NaN where there is none."""
    emphasised = power * (1 + np.square(hertz / EMPHASIS)).astype(np.float32)
    correlation = scipy.fft.irfft(emphasised, axis=1)[:, : ORDER + 1].astype(np.float64)
    # The spectrum ends a little below or at the ceiling: that end is half of this band's own sample rate.
    rate = 2 * float(hertz[-1])
    predictor = _levinson(correlation)
    companion = np.zeros((len(predictor), ORDER, ORDER))
    companion[:, 0] = -predictor
    companion[:, np.arange(1, ORDER), np.arange(ORDER - 1)] = 1.0
    roots = np.linalg.eigvals(companion)
    frequency = np.angle(roots) * rate / (2 * np.pi)
    real = (frequency > EMPHASIS) & (frequency < ceiling - EMPHASIS)
    found: Array = np.sort(np.where(real, frequency, np.nan), axis=1)[:, :3]  # NaN sorts last
    return found


def _levinson(correlation: Array) -> Array:
    """Predictor coefficients (frames, order) from autocorrelations (frames, order + 1), by Levinson and Durbin."""
    error = correlation[:, 0] * (1 + 1e-9) + _TINY
    predictor = np.zeros((len(correlation), ORDER))
    for order in range(ORDER):
        past = correlation[:, order:0:-1]
        reflection = -(correlation[:, order + 1] + (predictor[:, :order] * past).sum(axis=1)) / error
        predictor[:, :order] += reflection[:, None] * predictor[:, :order][:, ::-1]
        predictor[:, order] = reflection
        error = np.maximum(error * (1 - np.square(reflection)), _TINY)
    return predictor
