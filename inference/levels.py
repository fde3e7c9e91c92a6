"""How loud a stretch of sound is, and its frames."""

from __future__ import annotations

from typing import Any

import librosa  # its parts load when they are used
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

FLOOR = 1e-12
"""Power that stands for digital silence (-120 dB): less cannot be told apart."""


def chunk_powers(samples: FloatArray, length: int) -> NDArray[np.float64]:
    """Mean power of each ``length`` samples of ``samples`` (shape ``(n,)``), shape ``(n // length,)``."""
    chunks = samples[: len(samples) // length * length].reshape(-1, length)
    powers: NDArray[np.float64] = np.einsum("ij,ij->i", chunks, chunks).astype(np.float64) / length
    return powers


def frames_of(samples: FloatArray, length: int, hop: int) -> FloatArray:
    """A view of ``samples`` (n,) as frames of ``length`` that begin every ``hop``: (frames, length); none of fewer."""
    if len(samples) < length:
        return np.empty((0, length), np.float32)
    frames: FloatArray = librosa.util.frame(samples, frame_length=length, hop_length=hop, axis=0)
    return frames


def decibels(power: NDArray[Any]) -> FloatArray:
    """Power in dB relative to full scale, of the same shape."""
    levels: FloatArray = (10 * np.log10(np.maximum(power, FLOOR))).astype(np.float32)
    return levels
