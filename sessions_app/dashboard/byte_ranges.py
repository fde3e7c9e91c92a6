"""Answering with a part of a file, as a player asks for it (RFC 9110, section 14)."""

from __future__ import annotations

import re
from typing import BinaryIO

from asgiref.sync import sync_to_async
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

PART_BYTES = 2**18
# No file has more bytes than 18 digits can say, and Python refuses to read a number of thousands.
ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class Unsatisfiable(Exception):
    """No byte of the file lies in the range."""


def byte_range(header: str, size: int) -> range | None:
    """The bytes of a file of ``size`` that a ``Range`` header asks for. Raises `Unsatisfiable`.

    None where the whole file is to be sent: no range, one that cannot be read, or several, which players do not ask
    for.
    """
    found = ONE_RANGE.fullmatch(header.strip())
    first, last = found.groups() if found else ("", "")
    if not first and not last:
        return None
    if not first:
        wanted = range(max(0, size - int(last)), size)
    elif last and int(last) < int(first):
        return None
    else:
        wanted = range(int(first), min(int(last or size) + 1, size))
    if not wanted:
        raise Unsatisfiable
    return wanted


def answer(file: BinaryIO, size: int, header: str, content_type: str) -> HttpResponseBase:
    """The part of ``file`` (of ``size`` bytes) that ``header`` asks for: 200, 206 or 416. Takes ``file`` over."""
    try:
        wanted = byte_range(header, size)
    except Unsatisfiable:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    sent = range(size) if wanted is None else wanted
    file.seek(sent.start)
    response = StreamingHttpResponse(_Parts(file, len(sent)), content_type=content_type)
    response.headers["Accept-Ranges"] = "bytes"
    # To be played where it was asked for; saved, it is called nothing that says whose it is.
    response.headers["Content-Disposition"] = 'inline; filename="recording"'
    response.headers["Content-Length"] = str(len(sent))
    if wanted is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {sent.start}-{sent.stop - 1}/{size}"
    return response


class _Parts:
    """The next ``left`` bytes of ``file``, read only as fast as they are fetched. Django closes it with the answer."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file, self._left = file, left

    def __aiter__(self) -> _Parts:
        return self

    async def __anext__(self) -> bytes:
        part = await sync_to_async(self._file.read, thread_sensitive=False)(min(PART_BYTES, self._left))
        self._left -= len(part)
        if not part:
            raise StopAsyncIteration
        return part

    def close(self) -> None:
        self._file.close()
