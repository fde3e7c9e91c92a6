"""How loud a stretch of sound is, and its frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import librosa  # its parts load when they are used
import numpy as np
from numpy.typing import NDArray

from inference import scratch

FloatArray = NDArray[np.float32]

FLOOR = 1e-12
"""Power that stands for digital silence (-120 dB): less cannot be told apart."""


def chunk_powers(samples: FloatArray, length: int) -> NDArray[np.float64]:
    """Mean power of each ``length`` samples of ``samples`` (shape ``(n,)``), shape ``(n // length,)``."""
    whole = samples[: len(samples) // length * length]
    found = (_energies(block.reshape(-1, length)) for block in scratch.blocks(whole, scratch.BLOCK // length * length))
    return np.concatenate([np.zeros(0), *found]) / length


def _energies(chunks: FloatArray) -> FloatArray:
    energies: FloatArray = np.einsum("ij,ij->i", chunks, chunks)
    return energies


def frames_of(samples: FloatArray, length: int, hop: int) -> FloatArray:
    """A view of ``samples`` (n,) as frames of ``length`` that begin every ``hop``: (frames, length); none of fewer."""
    if len(samples) < length:
        return np.empty((0, length), np.float32)
    frames: FloatArray = librosa.util.frame(samples, frame_length=length, hop_length=hop, axis=0)
    return frames


def batches(frames: FloatArray, places: NDArray[np.integer], size: int) -> Iterator[tuple[slice, FloatArray]]:
    """Copies of the ``frames`` at ``places`` (ordered), ``size`` at a time, each with its slice of ``places``.

    What was passed leaves memory.
    """
    for start in range(0, len(places), size):
        rows = slice(start, start + size)
        yield rows, frames[places[rows]]
        scratch.release(frames[places[rows][0] : places[rows][-1] + 1])


def decibels(power: NDArray[Any]) -> FloatArray:
    """Power in dB relative to full scale, of the same shape."""
    levels: FloatArray = (10 * np.log10(np.maximum(power, FLOOR))).astype(np.float32)
    return levels
