"""Keeping the body of a request while it comes in: a large one on disk, but never readable there."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from typing import IO, Any, BinaryIO, cast

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler

from sessions_app.encryption import Sealed


class Handler(ASGIHandler):
    """Django's own, which would write a body to a temporary file as it is."""

    async def read_body(self, receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> IO[bytes]:
        """The whole body. Raises ``RequestAborted`` where the client has gone."""
        body = Body()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                body.close()
                raise RequestAborted
            body.write(message.get("body", b""))
            more = message.get("more_body", False)
        body.seek(0)
        return cast(IO[bytes], body)


class Body:
    """What has come in so far: in memory while it is small, then in a file whose key is in memory."""

    def __init__(self) -> None:
        self._file: io.BytesIO | Sealed = io.BytesIO()

    def write(self, data: bytes) -> int:
        """Add ``data``. Raises ``OSError``."""
        file = self._file
        if isinstance(file, io.BytesIO) and file.tell() + len(data) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:
            self._file = Sealed(cast(BinaryIO, tempfile.TemporaryFile(prefix="undertone-")))  # noqa: SIM115
            self._file.write(file.getvalue())
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        """Everything else that a file can do."""
        return getattr(self._file, name)
