"""What the first (and last) bytes of a file say: its container, its promised length, and whether its end is missing.

FFmpeg forgives a file that was cut off and guesses lengths that no header states; a recording that is scored must be
whole, so the few facts that decide it are read here, from the formats' own specifications (RIFF/RF64, FLAC, ISO
14496-12, RFC 3533 for Ogg, RFC 8794/9559 for EBML and Matroska, the Xing header of MP3).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from inference.errors import NotAudio, Truncated

HEAD_BYTES = 4096
STREAMED_SIZE = 0x7FFF0000
"""Recorders that write to a pipe cannot know the length: they state 0 or some size of 2 GiB and more."""

UNCODED_TAGS = {0x0001, 0x0003, 0xFFFE}
"""RIFF format tags whose blocks are one sample of each channel: PCM, IEEE float, and the extensible form of these."""

IMAGE_BRANDS = {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"}
MP4_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a file.

    ``name``: container for people. ``demuxer``: FFmpeg's name of its reader. ``seconds``: length stated by a header
    that was read here. ``states_duration``: whether the length that FFmpeg reports for the stream comes from a
    header. ``recognised``: false where the first bytes are weak evidence.
    """

    name: str
    demuxer: str
    seconds: float | None = None
    states_duration: bool = False
    recognised: bool = True


def inspect(file: BinaryIO, size: int) -> Layout:
    """Recognise the container of an open file of ``size`` bytes. Raises ``NotAudio`` or ``Truncated``."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    for matches, reader, _ in _READERS:
        if matches(head):
            return reader(file, head, size)
    raise NotAudio


def media_type(head: bytes) -> str:
    """What a browser is told that a file is whose first `HEAD_BYTES` are ``head``; nothing it could run in any case."""
    return next((media for matches, _, media in _READERS if matches(head)), "application/octet-stream")


def _wave(file: BinaryIO, head: bytes, size: int) -> Layout:
    bytes_per_second = 0
    long_size = None
    for code, start, length in _riff_chunks(file, size):
        if code == b"ds64":
            long_size = int.from_bytes(_read_at(file, start + 8, 8), "little")
        elif code == b"fmt ":
            bytes_per_second = _wave_rate(_read_at(file, start, 16))
        elif code == b"data":
            return _wave_data(size - start, length, long_size, bytes_per_second)
    raise Truncated


def _wave_rate(fmt: bytes) -> int:
    """Bytes per second of a ``fmt`` chunk: where samples are not coded, from block and sample rate, which decoders use.

    Some recorders leave the byte rate, which nothing needs for playing, wrong.
    """
    if len(fmt) < 16:
        raise Truncated
    fields: tuple[int, ...] = struct.unpack("<HHIIHH", fmt)
    tag, _, rate, stated, block, _ = fields
    return block * rate if tag in UNCODED_TAGS and block else stated


def _wave_data(present: int, stated: int, long_size: int | None, bytes_per_second: int) -> Layout:
    """``present`` bytes follow the start of the data chunk, whose header states ``stated`` (``long_size`` in RF64)."""
    if stated == 0xFFFFFFFF and long_size:
        stated = long_size
    elif stated == 0 or stated >= STREAMED_SIZE:
        stated = present
    if bytes_per_second and (stated - present) / bytes_per_second > 0.1:
        raise Truncated
    seconds = min(stated, present) / bytes_per_second if bytes_per_second else None
    return Layout("wav", "wav", seconds=seconds)


def _riff_chunks(file: BinaryIO, size: int) -> list[tuple[bytes, int, int]]:
    """Chunks of a RIFF file up to its data: code, offset of the content, stated length."""
    chunks: list[tuple[bytes, int, int]] = []
    position = 12
    while position + 8 <= size and len(chunks) < 1000:
        code, length = struct.unpack("<4sI", _read_at(file, position, 8))
        chunks.append((code, position + 8, length))
        if code == b"data":
            break
        position += 8 + length + length % 2
    return chunks


def _flac(file: BinaryIO, head: bytes, size: int) -> Layout:
    return Layout("flac", "flac", states_duration=True)


def _ogg(file: BinaryIO, head: bytes, size: int) -> Layout:
    """A page that is longer than what is left of the file was cut (RFC 3533, section 6)."""
    start = max(0, size - 65_536)
    tail = _read_at(file, start, size - start)
    last = tail.rfind(b"OggS\x00")
    if last < 0 or len(tail) < last + 27:
        raise Truncated
    segments = tail[last + 26]
    lengths = tail[last + 27 : last + 27 + segments]
    if len(lengths) < segments or last + 27 + segments + sum(lengths) > len(tail):
        raise Truncated
    return Layout("ogg", "ogg")


def _matroska(file: BinaryIO, head: bytes, size: int) -> Layout:
    """A segment that states its size must fit into the file; live recorders leave it unknown (RFC 8794, 6.2)."""
    name = "webm" if b"webm" in head[:64] else "matroska"
    header_size, position = _vint(head, 4)
    segment = position + header_size
    if head[segment : segment + 4] != b"\x18\x53\x80\x67":
        raise Truncated
    length, start = _vint(head, segment + 4)
    if length >= 0 and start + length > size:
        raise Truncated
    return Layout(name, "matroska")


def _vint(data: bytes, at: int) -> tuple[int, int]:
    """An EBML variable-size integer at ``at``: its value (-1 for "unknown") and the offset behind it."""
    if at >= len(data) or data[at] == 0:
        raise Truncated
    width = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
    return (-1 if value == (1 << 7 * width) - 1 else value), at + width


def _mp4(file: BinaryIO, head: bytes, size: int) -> Layout:
    if head[4:8] == b"ftyp" and head[8:12] in IMAGE_BRANDS:
        raise NotAudio
    return Layout("mp4", "mov", states_duration=True)


def _mp3(file: BinaryIO, head: bytes, size: int) -> Layout:
    """Only a Xing header states how long an MP3 is; without one FFmpeg divides bytes by the first bit rate."""
    start = 0
    if head[:3] == b"ID3":
        a, b, c, d = head[6:10].ljust(4, b"\0")
        start = 10 + (a << 21 | b << 14 | c << 7 | d)
        head = _read_at(file, start, HEAD_BYTES)
    if head[:4] == b"fLaC":
        return _flac(file, head, size)
    stated = b"Xing" in head[:256] or b"Info" in head[:256]
    if _is_adts(head):
        return Layout("aac", "aac", recognised=False)
    return Layout("mp3", "mp3", states_duration=stated, recognised=start > 0)


def _avi(file: BinaryIO, head: bytes, size: int) -> Layout:
    if 8 + int.from_bytes(head[4:8], "little") > size:
        raise Truncated
    return Layout("avi", "avi")


def _read_at(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset, os.SEEK_SET)
    return file.read(count)


def _is_riff(head: bytes, kind: bytes) -> bool:
    return head[:4] in (b"RIFF", b"RF64") and head[8:12] == kind


def _is_adts(head: bytes) -> bool:
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


def _is_mpeg_audio(head: bytes) -> bool:
    return head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)


_READERS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO, bytes, int], Layout], str], ...] = (
    (lambda head: _is_riff(head, b"WAVE"), _wave, "audio/wav"),
    (lambda head: _is_riff(head, b"AVI "), _avi, "video/x-msvideo"),
    (lambda head: head[:4] == b"fLaC", _flac, "audio/flac"),
    (lambda head: head[:4] == b"OggS", _ogg, "audio/ogg"),
    (lambda head: head[:4] == b"\x1aE\xdf\xa3", _matroska, "audio/webm"),
    (lambda head: head[4:8] in MP4_BOXES, _mp4, "audio/mp4"),
    (_is_mpeg_audio, _mp3, "audio/mpeg"),
)
