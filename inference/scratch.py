"""Samples of a recording on disk: four hours would fill memory, which holds only what is looked at.

An array from ``room`` is an ordinary one to read, a read-only map of a temporary file without a name: the file is gone
when the array is, and when the process is killed. It is written with ``write``, never through the map: a full disk is
then an ``OSError``, where a store into the map would end the process. ``release`` takes what was read out of memory
again, and reading it once more brings it back. All functions take arrays in memory, too.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.lib.array_utils import byte_bounds
from numpy.typing import NDArray

BLOCK = 2**20
"""Samples at once: about a minute."""

FloatArray = NDArray[np.float32]


class _Map(mmap.mmap):
    """A map that knows its file."""

    file: BinaryIO


def room(rows: int, length: int) -> FloatArray:
    """Zeros, shape ``(rows, length)``, in a file that takes up no more of the disk than is written to it.

    Raises ``OSError``.
    """
    size = rows * length * np.dtype(np.float32).itemsize
    try:
        file = cast(BinaryIO, tempfile.TemporaryFile(prefix="undertone-", buffering=0))  # noqa: SIM115
    except FileNotFoundError as error:
        # It is not the recording that is gone.
        raise OSError("There is no folder for temporary files.") from error
    file.truncate(size)
    mapped = _Map(file.fileno(), size, access=mmap.ACCESS_READ)
    mapped.file = file
    return np.ndarray((rows, length), np.float32, buffer=mapped)


def write(target: FloatArray, values: FloatArray) -> None:
    """Put ``values`` (n,) into ``target`` (n,), a stretch of one row. Raises ``OSError``."""
    mapped = _map_of(target)
    if mapped is None:
        target[:] = values
        return
    left = np.ascontiguousarray(values, np.float32).data.cast("B")
    place = _bounds(target, mapped)[0]
    while left:
        written = os.pwrite(mapped.file.fileno(), left, place)
        left, place = left[written:], place + written


def release(samples: FloatArray) -> None:
    """Let ``samples``, a stretch of an array from ``room`` or frames over it, leave memory; they stay on disk."""
    mapped = _map_of(samples)
    if mapped is not None and samples.size:
        first, last = _bounds(samples, mapped)
        start = first - first % mmap.PAGESIZE
        mapped.madvise(mmap.MADV_DONTNEED, start, last - start)


def blocks(samples: FloatArray, length: int = BLOCK) -> Iterator[FloatArray]:
    """Views of ``samples`` (n,), ``length`` at a time and in order; what was passed leaves memory."""
    for start in range(0, len(samples), length):
        block = samples[start : start + length]
        yield block
        release(block)


def _map_of(array: FloatArray) -> _Map | None:
    """The map that ``array`` is a view of, through views of views."""
    owner: Any = array
    while owner is not None and not isinstance(owner, _Map):
        owner = getattr(owner, "base", None)
    return owner


def _bounds(array: FloatArray, mapped: _Map) -> tuple[int, int]:
    """Where ``array`` begins and ends in the file, in bytes."""
    start = np.frombuffer(mapped, np.uint8, count=1).ctypes.data
    first, last = byte_bounds(array)
    return first - start, last - start
