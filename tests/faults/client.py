"""Uploads as a program at a clinic makes them: again and again, until the server has accepted the recording."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Upload:
    """One recording on its way: the session it is for, its bytes, and their SHA-256."""

    session: uuid.UUID
    content: bytes
    sha256: str

    @classmethod
    def of(cls, session: uuid.UUID, content: bytes) -> Upload:
        """An upload of ``content``."""
        return cls(session, content, hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the server said that it took."""

    recording: uuid.UUID
    job: uuid.UUID
    sha256: str


@dataclass(frozen=True, slots=True)
class Client:
    """The REST API of a server on this machine, as the holder of ``token``."""

    port: int
    token: str

    def send(self, upload: Upload) -> Accepted | int:
        """Upload once: what was accepted, or the status of a refusal (0 for no answer)."""
        steps = self.send_in_steps(upload)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                answer: Accepted | int = end.value
                return answer

    def send_in_steps(self, upload: Upload) -> Iterator[None]:
        """The same, with a pause for the caller when half of it has been sent. Its value is that of `send`."""
        body = encode_multipart(BOUNDARY, {"session": str(upload.session), "file": _File(upload.content)})
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.putrequest("POST", "/api/v1/recordings")
            connection.putheader("Authorization", f"Token {self.token}")
            connection.putheader("Content-Type", MULTIPART_CONTENT)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            connection.send(body[: len(body) // 2])
            yield
            connection.send(body[len(body) // 2 :])
            answer = connection.getresponse()
            return _accepted(answer.status, answer.read(), upload)
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()

    def is_answered(self) -> bool:
        """Whether the server is there."""
        return self._ask("GET", "/health/live") == 200

    def post(self, path: str) -> int:
        """The status of a POST without a body (0 for no answer)."""
        return self._ask("POST", path)

    def delete(self, path: str) -> int:
        """The status of a DELETE."""
        return self._ask("DELETE", path)

    def _ask(self, method: str, path: str) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, headers={"Authorization": f"Token {self.token}"})
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()


class _File:
    """What Django's encoder takes for a file."""

    name = "session.wav"
    content_type = "audio/wav"

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self) -> bytes:
        return self._content


def _accepted(status: int, body: bytes, upload: Upload) -> Accepted | int:
    if status not in (200, 202):
        return status
    told: dict[str, Any] = json.loads(body)
    return Accepted(uuid.UUID(told["id"]), uuid.UUID(told["job"]["id"]), upload.sha256)


def unlike(clip: Path, number: int) -> bytes:
    """The WAV file ``clip`` with ``number`` in a chunk that readers pass over: the same sound in other bytes."""
    chunk = b"note" + (16).to_bytes(4, "little") + number.to_bytes(16, "little")
    content = clip.read_bytes() + chunk
    return content[:4] + (len(content) - 8).to_bytes(4, "little") + content[8:]
