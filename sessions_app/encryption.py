"""Streams of bytes, encrypted and authenticated by Tink: AES-256-GCM in segments whose order and end are sealed too.

Whatever was changed, cut off, exchanged or renamed since it was written cannot be read. The format is Tink's own.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import tink
from tink import aead, streaming_aead

from inference.errors import FileDamaged

aead.register()
streaming_aead.register()

CHUNK_BYTES = 2**18


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key for files, as Tink's ``KeysetHandle``."""

    handle: Any

    @property
    def streams(self) -> Any:
        """What makes streams of it."""
        return self.handle.primitive(streaming_aead.StreamingAead)


def new_data_key() -> DataKey:
    """A random key for files."""
    return DataKey(tink.new_keyset_handle(streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_4KB))


def wrap(key: DataKey, master: aead.Aead, owner: bytes) -> bytes:
    """``key`` encrypted by ``master``. Only who names the same ``owner`` gets it back."""
    return cast(bytes, tink.proto_keyset_format.serialize_encrypted(key.handle, master, owner))


def unwrap(wrapped: bytes, master: aead.Aead, owner: bytes) -> DataKey:
    """The key that `wrap` was given. Raises ``TinkError``."""
    return DataKey(tink.proto_keyset_format.parse_encrypted(wrapped, master, owner))


@contextmanager
def encrypting(key: DataKey, file: BinaryIO, name: str) -> Iterator[Encrypting]:
    """What is written to this arrives in ``file`` encrypted, and whole unless an exception ends it."""
    stream = Encrypting(key, file, name)
    yield stream
    stream.finish()


class Encrypting:
    """Writes to ``file``, encrypted, what only a reader who knows ``name`` can read. ``file`` stays open.

    Raises the ``OSError`` of ``file``.
    """

    def __init__(self, key: DataKey, file: BinaryIO, name: str) -> None:
        self._sink = _Sink(file)
        self._stream = key.streams.new_encrypting_stream(cast(BinaryIO, self._sink), name.encode())

    def write(self, data: bytes) -> int:
        """Encrypt ``data``, all of it."""
        with self._sink.honest():
            return int(self._stream.write(data))

    def finish(self) -> None:
        """Mark the end, without which nobody can read the last of it."""
        with self._sink.honest():
            self._stream.close()


def decrypted(key: DataKey, file: BinaryIO, name: str) -> io.BufferedReader:
    """What `Encrypting` wrote to ``file``, to be read and sought in. Takes ``file`` over and closes it."""
    return io.BufferedReader(_Decrypting(key, file, name), CHUNK_BYTES)


def sealed(key: DataKey, content: bytes, name: str) -> bytes:
    """``content`` encrypted as a file would be, for what is small enough to be a column."""
    file = io.BytesIO()
    with encrypting(key, file, name) as stream:
        stream.write(content)
    return file.getvalue()


def unsealed(key: DataKey, content: bytes, name: str) -> bytes:
    """What `sealed` was given. Raises ``FileDamaged``."""
    with decrypted(key, io.BytesIO(content), name) as file:
        return file.read()


class _Decrypting(io.RawIOBase):
    """A stream to read and to seek in. Tink reads forwards only, so that going back begins again at the start.

    Asking where the end is reads everything once. Raises ``FileDamaged``, and the ``OSError`` of the file.
    """

    def __init__(self, key: DataKey, file: BinaryIO, name: str) -> None:
        super().__init__()
        self._streams = key.streams
        self._file, self._name = file, name.encode()
        self._at, self._wanted, self._size = 0, 0, -1
        self._begin()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._wanted

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Where reading goes on. Nothing is read until then, but to find the end."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._wanted}.get(whence)
        place = offset + (self._length() if start is None else start)
        if place < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._wanted = place
        return place

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._arrive():
            return 0
        data = self._read(len(buffer))
        buffer[: len(data)] = data
        self._wanted = self._at
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _begin(self) -> None:
        self._file.seek(0)
        self._at = 0
        self._source = _Source(self._file)
        with self._damage_told():
            self._stream = self._streams.new_decrypting_stream(cast(BinaryIO, self._source), self._name)

    def _arrive(self) -> bool:
        """Read up to where reading is wanted. False where the file ends before that."""
        if self._at > self._wanted:
            self._begin()
        while self._at < self._wanted:
            if not self._read(min(CHUNK_BYTES, self._wanted - self._at)):
                return False
        return True

    def _length(self) -> int:
        while self._size < 0:
            if not self._read(CHUNK_BYTES):
                self._size = self._at
        return self._size

    def _read(self, count: int) -> bytes:
        with self._damage_told():
            data: bytes = self._stream.read(count)
        self._at += len(data)
        return data

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            with self._source.honest():
                yield
        except tink.TinkError as error:
            raise FileDamaged from error


class Sealed:
    """A temporary file that is written once, then read. Its key is in memory alone: what is left of it says nothing."""

    def __init__(self, file: BinaryIO) -> None:
        self.name = file.name
        self._file, self._key = file, new_data_key()
        self._writer: Encrypting | None = Encrypting(self._key, file, "")
        self._reader: io.BufferedReader | None = None

    def write(self, data: bytes) -> int:
        """Add ``data``. Not after anything was read."""
        if self._writer is None:
            raise io.UnsupportedOperation("This file has been written.")
        return self._writer.write(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Where reading goes on."""
        return self._to_read().seek(offset, whence)

    def tell(self) -> int:
        """Where reading goes on."""
        return self._to_read().tell()

    def read(self, count: int = -1) -> bytes:
        """The next ``count`` bytes, or all."""
        return self._to_read().read(count)

    def readline(self, count: int = -1) -> bytes:
        """The rest of the line, at most ``count`` bytes."""
        return self._to_read().readline(count)

    @property
    def closed(self) -> bool:
        """Whether it is gone."""
        return self._file.closed

    def close(self) -> None:
        """Delete it."""
        self._file.close()

    def _to_read(self) -> io.BufferedReader:
        if self._reader is None:
            if self._writer is not None:
                self._writer.finish()
                self._writer = None
            self._reader = decrypted(self._key, self._file, "")
        return self._reader


class _Adapter(io.RawIOBase):
    """A file as Tink asks for it, which Tink cannot close. Tink hides what went wrong in it; ``honest`` does not."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._trouble: OSError | None = None

    @contextmanager
    def honest(self) -> Iterator[None]:
        """Raise what the file raised, whatever Tink makes of it."""
        try:
            yield
        except tink.TinkError:
            if self._trouble is None:
                raise
        if self._trouble is not None:
            raise self._trouble


class _Sink(_Adapter):
    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        # A stream that is given up says its last words when it is collected, to nobody.
        if self._trouble is not None or self._file.closed:
            return len(data)
        try:
            return self._file.write(data)
        except OSError as error:
            self._trouble = error
            raise


class _Source(_Adapter):
    def readable(self) -> bool:
        return True

    def read(self, count: int = -1) -> bytes:
        try:
            return self._file.read(count)
        except OSError as error:
            self._trouble = error
            raise
