"""Takes away what no voice makes: a constant offset and the mains' fundamental, before anything listens.

A linear-phase FIR high-pass, its delay taken out, so that nothing moves in time (Oppenheim and Schafer 2010,
Discrete-Time Signal Processing, sections 5.7 and 7.5). It lies between the mains (50 and 60 Hz)
and the lowest voices (80 Hz).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy  # its parts load when they are used: the pages import this module too
from numpy.typing import NDArray

from inference import scratch
from inference.scratch import BLOCK

CUTOFF = 70.0
"""Hz at which a tone is halved; at 60 it has fallen by more than 40 dB, at 80 it is whole."""

REACH = 1320
"""Samples to either side that a filtered sample rests on: a Hamming window this wide falls within 20 Hz at 16 kHz."""

FULL_SCALE = 0.985
"""An absolute value from which a sample counts as clipped."""

ZERO_RUN = 80
"""Samples (5 ms) of exact zeros from which on there is no sound at all: a muted or lost stretch."""

FloatArray = NDArray[np.float32]


def take_hum_away(samples: FloatArray) -> None:
    """Filter ``samples`` (one channel at 16 kHz, shape ``(n,)``) in place.

    Clipped samples and stretches of digital silence stay as they are, and no others become so: they are defects that
    the quality checks count, not sound.
    """
    if not len(samples):
        return
    mirrored = {"mode": "reflect", "reflect_type": "odd"}
    before = np.pad(samples[: REACH + 1], (REACH, 0), **mirrored)[:REACH]  # type: ignore[call-overload]
    tail = np.pad(samples[-REACH - 1 :], (0, REACH), **mirrored)[-REACH:]  # type: ignore[call-overload]
    end = 0
    for block in scratch.blocks(samples, BLOCK):
        end += len(block)
        after = np.concatenate([samples[end : end + REACH], tail])[:REACH]
        heard = np.concatenate([before, block, after])
        before = heard[len(block) : len(block) + REACH]
        scratch.write(block, _with_defects(block, scipy.signal.oaconvolve(heard, _filter(), mode="valid")))


@cache
def _filter() -> FloatArray:
    weights = scipy.signal.firwin(2 * REACH + 1, CUTOFF, pass_zero=False, fs=16_000)
    without_offset: FloatArray = (weights - weights.mean()).astype(np.float32)
    return without_offset


def _with_defects(raw: FloatArray, filtered: FloatArray) -> FloatArray:
    limit = np.float32(FULL_SCALE - 0.001)
    defect = (np.abs(raw) >= FULL_SCALE) | _silent(raw)
    return np.where(defect, raw, np.clip(filtered, -limit, limit))


def _silent(raw: FloatArray) -> NDArray[np.bool_]:
    """True inside runs of at least ``ZERO_RUN`` exact zeros."""
    silent = np.zeros(len(raw), bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (raw == 0).astype(np.int8), [0]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        silent[start:end] = end - start >= ZERO_RUN
    return silent
