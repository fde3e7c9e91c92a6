"""Syllable nuclei from the intensity of vowels and voicing, after de Jong and Wempe (2009)."""

from __future__ import annotations

import numpy as np
import scipy  # its parts load when they are used: the pages import this module too
from numpy.typing import NDArray

from inference.levels import decibels

MAX_DROP = 25.0
"""dB below the loudest peak (its 99th percentile) at which a peak still counts as a syllable."""

MIN_DIP = 2.0
"""dB by which a peak must stand out from the dips on both of its sides."""

SMOOTHING = 3
"""Frames of 10 ms over which intensity is smoothed, to about the 64 ms window of the original."""

FloatArray = NDArray[np.float32]


def count_nuclei(level: FloatArray, voiced: NDArray[np.bool_]) -> int:
    """Syllables in ``level`` (dB, one value per 10 ms) where peaks count only if ``voiced``; both shape (frames,)."""
    if len(level) < SMOOTHING or not voiced.any():
        return 0
    smooth = _smoothed(level)
    threshold = float(np.quantile(smooth, 0.99)) - MAX_DROP
    peaks, _ = scipy.signal.find_peaks(smooth, height=threshold, prominence=MIN_DIP)
    return int(voiced[peaks].sum())


def _smoothed(level: FloatArray) -> FloatArray:
    weights = np.hanning(SMOOTHING + 2)[1:-1]
    power: NDArray[np.float64] = np.convolve(
        10 ** (level.astype(np.float64) / 10), weights / weights.sum(), mode="same"
    )
    return decibels(power)
