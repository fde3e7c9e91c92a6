"""A recording -> float32 channels at 16 kHz. Decodes and judges the file, nothing else.

The file is handed to FFmpeg (through PyAV) as an open stream with its format already named from the first bytes:
no file name and no playlist inside a file can make it open anything else.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO, Literal, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from inference import containers, scratch
from inference.errors import (
    EmptyFile,
    InvalidSamples,
    NoAudioStream,
    NoSamples,
    NotAudio,
    TooLarge,
    TooLong,
    Truncated,
)

SAMPLE_RATE = 16_000
"""Every recording is brought to this rate (Hz): it is what the model and the measures are made for."""

MAX_SECONDS = 4 * 3600.0
MAX_BYTES = 2**30
MISSING_SECONDS = 0.25
"""A file may end this much before its header says: encoders pad and trim by less."""

DAMAGED_SHARE = 0.02
"""Above this share of packets that cannot be decoded, a file is refused instead of scored with holes."""

RUBBISH_SHARE = 0.5
"""Above this share, what looked like a recording never was one."""

RATES = range(4_000, 768_001)
"""Hz: a voice needs at least the first; no recorder writes more than the last."""

SANE_PEAK = 100.0
"""Sample values beyond this (+40 dBFS) are numbers, not sound."""

FloatArray = NDArray[np.float32]


class AudioFile(Protocol):
    """What is decoded: a ``pathlib.Path``, or anything else that opens to be read and sought in."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """The bytes of the file."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """What the file was before decoding: container and codec names, sample rate in Hz, number of channels."""

    container: str
    codec: str
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """A decoded recording.

    ``channels``: float32, shape ``(1 or 2, n)``, full scale at 1.0, at ``sample_rate`` Hz (16 000), on disk (see
    ``inference.scratch``). ``duration``: seconds. ``sha256``: hex digest of the file. A file with more than two
    channels is mixed into one.
    """

    channels: FloatArray
    duration: float
    source: Source
    sha256: str
    sample_rate: int = SAMPLE_RATE

    @property
    def mono(self) -> FloatArray:
        """The mean of the channels, shape ``(n,)``."""
        return mix(self.channels) if len(self.channels) == 2 else self.channels[0]


def decode(
    recording: AudioFile, *, progress: Callable[[float], None] | None = None, longest: float = MAX_SECONDS
) -> Audio:
    """Read a wav, flac, mp3, m4a, ogg, webm or mkv file of any rate.

    ``progress`` hears 0..1, or again and again 0 where the file states no length. A file of more than ``longest``
    seconds is refused without being decoded to its end.

    Raises a ``BadRecording`` (see ``inference.errors``) when the file cannot be scored, ``OSError`` when it cannot
    be read at all or the disk is full.
    """
    with recording.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size > MAX_BYTES:
            raise TooLarge
        if size == 0:
            raise EmptyFile
        channels, source = _decode_file(file, size, progress or _ignore, longest)
        file.seek(0)
        sha256 = _sha256(file)
    return Audio(channels=channels, duration=channels.shape[1] / SAMPLE_RATE, source=source, sha256=sha256)


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(2**18):
        digest.update(block)
    return digest.hexdigest()


def peaks(channels: FloatArray, count: int = 1000) -> tuple[float, ...]:
    """The waveform for drawing: at most ``count`` signed extremes over all channels, equally spaced, in -1..1."""
    total = channels.shape[1]
    edges = np.linspace(0, total, min(count, total) + 1).astype(int)
    return tuple(round(_extreme(channels[:, start:end]), 3) for start, end in pairwise(edges))


def _extreme(part: FloatArray) -> float:
    high, low = part.max(), part.min()
    scratch.release(part)
    return float(np.clip(high if high >= -low else low, -1.0, 1.0))


def mix(channels: FloatArray) -> FloatArray:
    """The mean of two ``channels`` (2, n), shape ``(n,)``, on disk like them. Raises ``OSError``."""
    mixed: FloatArray = scratch.room(1, channels.shape[1])[0]
    for target, *both in zip(*map(scratch.blocks, (mixed, *channels)), strict=True):
        scratch.write(target, np.mean(both, axis=0, dtype=np.float32))
    return mixed


def _decode_file(
    file: BinaryIO, size: int, progress: Callable[[float], None], longest: float
) -> tuple[FloatArray, Source]:
    layout = containers.inspect(file, size)
    file.seek(0)
    with _open(file, layout) as container:
        if not container.streams.audio:
            raise NoAudioStream
        stream = container.streams.audio[0]
        promised = _promised_seconds(container, stream, layout)
        if promised is not None and promised > longest + 1.0:
            raise TooLong
        collected = _Collector(promised, progress, longest)
        lost = collected.take(_frames(container, stream))
        source = _source(layout, stream, collected)
    samples = collected.samples()
    if promised is not None and samples.shape[1] / SAMPLE_RATE < promised - MISSING_SECONDS:
        raise Truncated
    if lost > DAMAGED_SHARE:
        raise Truncated("Parts of this file are damaged. Please export or upload the recording again.")
    return samples, source


def _open(file: BinaryIO, layout: containers.Layout) -> Any:
    try:
        return av.open(_Seekable(file), "r", format=layout.demuxer, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise Truncated if layout.recognised else NotAudio from error


def _promised_seconds(container: Any, stream: Any, layout: containers.Layout) -> float | None:
    """Seconds the header promises; ``None`` where there is no header or FFmpeg would only guess."""
    if layout.seconds is not None or not layout.states_duration:
        return layout.seconds
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """Decoded frames; ``None`` for a packet that could not be decoded."""
    stream.thread_type = "AUTO"
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, ValueError):
            yield None
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except (av.FFmpegError, ValueError):
            yield None


def _source(layout: containers.Layout, stream: Any, collected: _Collector) -> Source:
    codec = stream.codec_context.name if stream.codec_context else "unknown"
    return Source(layout.name, codec, collected.source_rate, collected.source_channels)


def _ignore(_: float) -> None:
    pass


class _Seekable:
    """A file whose ``seek`` answers -1 for a place that does not exist, as FFmpeg expects, instead of raising.

    Damaged files point to such places; an ``OSError`` would be taken for trouble with the disk.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.tell = file.tell
        self._seek = file.seek

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._seek(offset, whence)
        except (OSError, ValueError, OverflowError) as error:
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            return -1


class _Collector:
    """Resamples frames to 16 kHz into one array on disk, with room for the longest recording that is allowed."""

    def __init__(self, promised: float | None, progress: Callable[[float], None], longest: float) -> None:
        self._most = int(longest * SAMPLE_RATE)
        self._promised = promised
        self._progress = progress
        self._buffer: FloatArray = np.empty((0, 0), np.float32)
        self._length = 0
        self._resampler: Any = None
        self._shape: tuple[object, ...] = ()
        self.source_rate = 0
        self.source_channels = 0

    def take(self, frames: Iterator[Any]) -> float:
        """Add all frames; returns the share of packets that could not be decoded. Errors as in ``decode``."""
        good = lost = 0
        for frame in frames:
            if frame is None:
                lost += 1
            elif frame.samples:
                good += 1
                self._add(frame)
        self._drain()
        if self._length == 0 and not lost:
            raise NoSamples
        if lost / (good + lost) > RUBBISH_SHARE:
            raise NotAudio
        return lost / (good + lost)

    def samples(self) -> FloatArray:
        """All samples so far, shape ``(c, n)``."""
        return self._buffer[:, : self._length]

    def _add(self, frame: Any) -> None:
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if frame.sample_rate not in RATES:
            raise NotAudio(
                "The sample rate of this file does not fit a recorded voice. Please export it at 16 kHz or more."
            )
        if shape != self._shape:
            self._drain()
            self._begin(frame, shape)
        frame.pts = None
        self._append(self._resampled(frame))

    def _begin(self, frame: Any, shape: tuple[object, ...]) -> None:
        self._shape = shape
        if not self._buffer.shape[0]:
            self.source_rate, self.source_channels = frame.sample_rate, frame.layout.nb_channels
            rows = 2 if self.source_channels == 2 else 1
            self._buffer = scratch.room(rows, self._most)
        layout = "stereo" if self._buffer.shape[0] == 2 else "mono"
        self._resampler = av.AudioResampler(format="fltp", layout=layout, rate=SAMPLE_RATE)

    def _drain(self) -> None:
        if self._resampler is not None:
            self._append(self._resampled(None))
            self._resampler = None

    def _resampled(self, frame: Any) -> list[Any]:
        try:
            frames: list[Any] = self._resampler.resample(frame)
        except (av.FFmpegError, ValueError) as error:
            raise NotAudio from error
        return frames

    def _append(self, frames: list[Any]) -> None:
        for frame in frames:
            block = frame.to_ndarray()
            if not np.abs(block).max(initial=0.0) <= SANE_PEAK:
                raise InvalidSamples
            end = self._length + block.shape[1]
            if end > self._most:
                raise TooLong
            for row, samples in zip(self._buffer, block, strict=True):
                scratch.write(row[self._length : end], samples)
            self._length = end
        # Without a stated length nobody knows how far it is, but that it goes on is news too.
        self._progress(min(1.0, self._length / SAMPLE_RATE / self._promised) if self._promised else 0.0)
