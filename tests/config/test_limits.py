"""A body that is larger than any recording is refused before it is written anywhere."""

from __future__ import annotations

import asyncio
import errno
import json
from typing import Any

import pytest

from config.limits import BodyLimit
from inference.errors import TooLarge


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body, unless the client goes away."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length, more = length + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


def ask(parts: list[bytes], announced: bytes | None = None) -> tuple[int, bytes]:
    """Status and body of the answer to a body that comes in ``parts``."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    waiting.append({"type": "http.request", "body": b"", "more_body": False})
    answer: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        answer.append(message)

    headers = [] if announced is None else [(b"content-length", announced)]
    asyncio.run(BodyLimit(echo, 10)({"type": "http", "headers": headers}, receive, send))
    return answer[0]["status"], answer[1]["body"]


def test_a_body_up_to_the_limit_reaches_the_application() -> None:
    assert ask([b"12345", b"67890"], b"10") == (200, b"10")


@pytest.mark.parametrize("announced", [b"11", b"9" * 40])
def test_a_body_that_announces_too_much_is_refused_unread(announced: bytes) -> None:
    status, body = ask([], announced)
    assert status == 413
    assert json.loads(body) == {
        "type": "urn:undertone:problem:too_large",
        "title": "Content Too Large",
        "status": 413,
        "code": "too_large",
        "detail": TooLarge.default_message,
    }


@pytest.mark.parametrize("announced", [None, b"3", b"-1", b"many"])
def test_a_body_that_hides_its_length_is_refused_when_it_passes_the_limit(announced: bytes | None) -> None:
    status, body = ask([b"12345", b"67890", b"1", b"more"], announced)
    assert (status, json.loads(body)["code"]) == (413, "too_large")


def test_an_application_that_answers_anyway_is_not_heard_twice() -> None:
    async def deaf(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    answer: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"x" * 11, "more_body": False}

    async def send(message: Any) -> None:
        answer.append(message)

    asyncio.run(BodyLimit(deaf, 10)({"type": "http", "headers": []}, receive, send))
    assert [message.get("status") for message in answer] == [413, None]


def test_a_disk_too_full_for_the_body_of_a_request_is_said() -> None:
    """Django spools a large body to a temporary file before any of our code is asked."""

    async def no_room(scope: Any, receive: Any, send: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    answer: list[Any] = []

    async def send(message: Any) -> None:
        answer.append(message)

    asyncio.run(BodyLimit(no_room, 10)({"type": "http", "headers": []}, None, send))
    assert (answer[0]["status"], json.loads(answer[1]["body"])["code"]) == (507, "storage_full")
