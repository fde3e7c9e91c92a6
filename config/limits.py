"""Refusing a body that is larger than any recording before it is written anywhere.

Django's ASGI handler spools a whole body to disk before it knows who sent it, so without this anybody could fill it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from inference.errors import TooLarge
from sessions_app.api.negotiation import PROBLEM
from sessions_app.api.problems import Problem, trouble

TOO_LARGE = Problem(413, TooLarge.code, TooLarge.default_message)

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class BodyLimit:
    """Wraps an ASGI application: a body of more than ``limit`` bytes is answered with 413, announced or not."""

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
        elif _announced(scope) > self.limit:
            await _refuse(send, TOO_LARGE)
        else:
            counted = _Counted(receive, send, self.limit)
            await self._serve(scope, counted)

    async def _serve(self, scope: Scope, counted: _Counted) -> None:
        """Django writes a large body to disk before it looks at it, and does not answer when there is no room."""
        try:
            await self.application(scope, counted.receive, counted.send)
        except OSError as error:
            problem = trouble(error)
            if problem is None or counted.answered:
                raise
            await counted.refuse(problem)


class _Counted:
    """The two ends of a request whose body is counted while it comes in."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive, self._send, self._left = receive, send, limit
        self._refused = False
        self.answered = False

    async def receive(self) -> Message:
        """The next part of the body; past the limit, the application is told that the client has gone."""
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left >= 0:
            return message
        await self.refuse(TOO_LARGE)
        return {"type": "http.disconnect"}

    async def refuse(self, problem: Problem) -> None:
        """Answer in the application's place, once."""
        if not self._refused:
            self._refused = True
            await _refuse(self._send, problem)

    async def send(self, message: Message) -> None:
        """Pass the answer on, unless it has already been given here."""
        if not self._refused:
            self.answered = True
            await self._send(message)


def _announced(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else 0


async def _refuse(send: Send, problem: Problem) -> None:
    headers = [(b"content-type", PROBLEM.encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(problem.body()).encode()})
