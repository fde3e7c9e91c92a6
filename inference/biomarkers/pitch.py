"""Fundamental frequency by autocorrelation after Boersma (1993), as array operations.

Each frame's autocorrelation, divided by that of its window, offers candidates; a Viterbi path through them weighs their
strength against octave jumps and changes of voicing. The constants are those of Boersma's paper and of Praat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when they are used: the pages import this module too
from numpy.typing import NDArray

from inference.levels import batches

FLOOR, CEILING = 60.0, 500.0
"""Hz: the search range for adult speech."""

CANDIDATES = 7
FINER = 2
SILENCE_THRESHOLD = 0.03
VOICING_THRESHOLD = 0.45
OCTAVE_COST = 0.01
OCTAVE_JUMP_COST = 0.35
VOICED_UNVOICED_COST = 0.14

STEP_SECONDS = 0.01
BLOCK, CONTEXT = 100, 30
"""Frames: the path is searched in many blocks at once, each with some frames of context on either side."""

BLOCKS = 1000
"""Blocks at once."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What each frame offers: ``f0`` in Hz (0 where there is no candidate) and ``strength``, both (frames, k).

    Column 0 is "unvoiced".
    """

    f0: FloatArray
    strength: FloatArray


def no_candidates(count: int) -> Candidates:
    """Room for the candidates of ``count`` frames, to be filled."""
    return Candidates(*(np.empty((count, CANDIDATES), np.float32) for _ in range(2)))


def loudest(frames: FloatArray, places: NDArray[np.int64]) -> float:
    """A peak that one click cannot set: the 99th percentile of the peaks of every fifth of the frames at ``places``.

    ``frames``: (frames, samples), a view of the recording, which is never copied whole.
    """
    peaks = [np.abs(batch).max(axis=1) for _, batch in batches(frames, places[::5], BLOCKS)]
    return float(np.quantile(np.concatenate(peaks), 0.99)) if peaks else 0.0


def spectra(frames: FloatArray) -> FloatArray:
    """Power spectra (frames, bins), from 0 to half the rate, of ``frames`` (frames, samples), Hann-weighted."""
    return _power((frames - frames.mean(axis=1, keepdims=True)) * _window(frames.shape[1]), _size(frames.shape[1]))


def candidates(frames: FloatArray, power: FloatArray, sample_rate: int, loudest: float) -> Candidates:
    """Pitch candidates of ``frames`` (frames, samples) with their ``spectra``.

    ``loudest``: highest absolute sample of the recording.
    """
    correlation = _autocorrelation(power, frames.shape[1])
    rate = FINER * sample_rate
    first, last = int(rate / CEILING), min(int(rate / FLOOR) + 1, correlation.shape[1] - 2)
    lags, heights = _peaks(correlation, first, last)
    f0 = np.where(lags > 0, rate / np.maximum(lags, 1.0), 0.0)
    # Boersma's octave cost favours high candidates slightly, so that the true period wins over its double.
    strength = np.where(f0 > 0, heights - OCTAVE_COST * np.log2(FLOOR / np.maximum(f0, FLOOR)), -np.inf)
    unvoiced = _unvoiced_strength(np.abs(frames - frames.mean(axis=1, keepdims=True)).max(axis=1), loudest)
    return Candidates(
        np.concatenate([np.zeros((len(f0), 1)), f0], axis=1).astype(np.float32),
        np.concatenate([unvoiced[:, None], strength], axis=1).astype(np.float32),
    )


def _window(length: int) -> FloatArray:
    window: FloatArray = np.hanning(length + 2)[1:-1].astype(np.float32)
    return window


def _size(length: int) -> int:
    return int(scipy.fft.next_fast_len(length + length // 2 + 2, real=True))


def _autocorrelation(power: FloatArray, length: int) -> FloatArray:
    """Normalised autocorrelation of windowed frames over that of the window, to half the frame's ``length``.

    Power spectra (frames, bins) -> (frames, lags), with ``FINER`` lags per sample: a longer inverse transform
    interpolates, so that the peaks of high voices, which lie between samples, keep their height.
    """
    size, lags = _size(length), FINER * (length // 2 + 2)
    raw = scipy.fft.irfft(power, FINER * size, axis=1)[:, :lags]
    of_window = scipy.fft.irfft(_power(_window(length)[None], size), FINER * size, axis=1)[0, :lags]
    scaled: FloatArray = raw / np.maximum(raw[:, :1], 1e-20) / (of_window / of_window[0])
    return scaled


def _power(frames: FloatArray, size: int) -> FloatArray:
    spectrum = scipy.fft.rfft(frames, size, axis=1)
    power: FloatArray = np.square(spectrum.real) + np.square(spectrum.imag)
    return power


def _peaks(correlation: FloatArray, first: int, last: int) -> tuple[FloatArray, FloatArray]:
    """The highest maxima between two lags, refined by a parabola: their places (0 for none) and heights."""
    middle = correlation[:, first : last + 1]
    before, after = correlation[:, first - 1 : last], correlation[:, first + 1 : last + 2]
    peaks = (middle > before) & (middle >= after) & (middle > 0.5 * VOICING_THRESHOLD)
    ranked = np.where(peaks, middle, -1.0)
    best = np.argpartition(-ranked, CANDIDATES - 1, axis=1)[:, : CANDIDATES - 1]
    rows = np.arange(len(ranked))[:, None]
    left, top, right = before[rows, best], middle[rows, best], after[rows, best]
    curvature = np.minimum(left - 2 * top + right, -1e-9)
    shift = 0.5 * (left - right) / curvature
    found = peaks[rows, best]
    lags = np.where(found, first + best + shift, 0.0)
    heights = np.minimum(top - 0.25 * (left - right) * shift, 1.0)
    return lags.astype(np.float32), heights.astype(np.float32)


def _unvoiced_strength(local_peaks: FloatArray, loudest: float) -> FloatArray:
    quietness = 2.0 - (local_peaks / max(loudest, 1e-9)) / (SILENCE_THRESHOLD / (1 + VOICING_THRESHOLD))
    strength: FloatArray = (VOICING_THRESHOLD + np.maximum(0.0, quietness)).astype(np.float32)
    return strength


def track(offered: Candidates) -> tuple[FloatArray, FloatArray]:
    """The best path through all frames: F0 in Hz, NaN where unvoiced, and its autocorrelation, both (frames,).

    A second pass keeps to the speaker's own range, 0.72 of the 35th to 1.9 times the 65th percentile of the first (De
    Looze and Hirst 2008), which removes octave errors.
    """
    f0 = _chosen(offered, _best_path(offered))
    if np.isfinite(f0).sum() < 10:
        return f0, _periodicity(offered, _best_path(offered))
    low, high = np.nanquantile(f0, [0.35, 0.65]) * (0.72, 1.9)
    inside = (offered.f0 == 0) | ((offered.f0 >= low) & (offered.f0 <= high))
    path = _best_path(Candidates(offered.f0, np.where(inside, offered.strength, -np.inf).astype(np.float32)))
    return _chosen(offered, path), _periodicity(offered, path)


def _chosen(offered: Candidates, path: NDArray[np.int64]) -> FloatArray:
    f0 = offered.f0[np.arange(len(path)), path]
    return np.where(f0 > 0, f0, np.nan).astype(np.float32)


def _periodicity(offered: Candidates, path: NDArray[np.int64]) -> FloatArray:
    """Autocorrelation of the chosen candidates: their strength without the octave cost, NaN where unvoiced."""
    f0 = _chosen(offered, path)
    height = offered.strength[np.arange(len(path)), path] - OCTAVE_COST * np.log2(f0 / FLOOR)
    found: FloatArray = np.clip(height, 0.0, 1.0).astype(np.float32)
    return found


def _best_path(offered: Candidates) -> NDArray[np.int64]:
    """Which candidate is chosen in each frame, (frames,)."""
    count = len(offered.f0)
    picked = np.zeros(count, np.int64)
    for first in range(0, count, BLOCK * BLOCKS):
        last = min(count, first + BLOCK * BLOCKS)
        places = np.arange(-CONTEXT, BLOCK + CONTEXT)[:, None] + np.arange(first, last, BLOCK)
        places = np.clip(places, 0, count - 1)
        chosen = _viterbi(np.log2(np.maximum(offered.f0[places], 1.0)), offered.strength[places])
        picked[first:last] = chosen[CONTEXT : CONTEXT + BLOCK].T.reshape(-1)[: last - first]
    return picked


def _viterbi(octaves: FloatArray, strength: FloatArray) -> NDArray[np.int64]:
    """Best candidate per frame for many sequences at once: (frames, sequences, k) -> (frames, sequences)."""
    length, sequences, width = strength.shape
    came_from = np.zeros((length, sequences, width), np.int8)
    score = strength[0]
    for time in range(1, length):
        reached = score[:, :, None] - _transition(octaves[time - 1], octaves[time])
        came_from[time] = reached.argmax(axis=1)
        score = reached.max(axis=1) + strength[time]
    path = np.zeros((length, sequences), np.int64)
    path[-1] = score.argmax(axis=1)
    for time in range(length - 1, 0, -1):
        path[time - 1] = np.take_along_axis(came_from[time], path[time][:, None], axis=1)[:, 0]
    return path


def _transition(before: FloatArray, after: FloatArray) -> FloatArray:
    """Cost of going from each candidate to each, (sequences, k, k); 0 octaves stands for unvoiced."""
    voiced_before, voiced_after = before[:, :, None] > 0, after[:, None, :] > 0
    jump = OCTAVE_JUMP_COST * np.abs(before[:, :, None] - after[:, None, :])
    cost = np.where(voiced_before & voiced_after, jump, VOICED_UNVOICED_COST * (voiced_before ^ voiced_after))
    return cost.astype(np.float32)
