"""What stands on every answer, also on those that no middleware sees; and that no program is sent on to HTTPS."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from config.asgi import application
from tests.sessions_app.api.client import problem

STATIC = "/static/js/theme.js"
TOO_LARGE = [(b"content-length", b"9" * 20)]
EVERYWHERE = pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/health/live", [], 200),
        ("/metrics", [], 404),
        (STATIC, [], 200),
        ("/static/no.js", [], 404),
        ("/", TOO_LARGE, 413),
    ],
)


def asked(path: str, sent: list[tuple[bytes, bytes]], scheme: str = "https") -> tuple[int, dict[str, str]]:
    """Status and headers of the whole application's answer."""
    answer: list[Any] = []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"testserver"), *sent],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 443),
    }

    body = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        return body.pop() if body else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        answer.append(message)

    asyncio.run(application(scope, receive, send))
    return answer[0]["status"], {name.decode().lower(): value.decode() for name, value in answer[0]["headers"]}


@pytest.fixture
def https(settings: Settings) -> None:
    """As in production."""
    settings.HTTPS = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True


@EVERYWHERE
def test_browsers_are_told_to_stay_with_https(https: None, path: str, sent: Any, status: int) -> None:
    found, headers = asked(path, sent)
    assert found == status
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains; preload"


@EVERYWHERE
def test_nothing_is_taken_for_what_it_is_not_or_put_into_a_page_of_others(path: str, sent: Any, status: int) -> None:
    found, headers = asked(path, sent)
    assert found == status
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_who_asked_without_tls_is_told_nothing_of_it(https: None) -> None:
    assert "strict-transport-security" not in asked("/health/live", [], scheme="http")[1]


def test_a_proxy_that_speaks_tls_is_believed_where_its_header_is_named(https: None, settings: Settings) -> None:
    says = [(b"x-forwarded-proto", b"https")]
    assert "strict-transport-security" not in asked("/", TOO_LARGE + says, scheme="http")[1]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert "strict-transport-security" in asked("/", TOO_LARGE + says, scheme="http")[1]


def test_an_answer_that_says_more_keeps_it(https: None) -> None:
    headers = asked(STATIC, [])[1]
    assert headers["content-type"].startswith("text/javascript")
    assert "cache-control" in headers


@pytest.mark.parametrize("path", ["/api/v1/patients", "/api/v1/", "/api/v1/docs", "/api/v1/nowhere"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_program_that_asks_without_tls_is_refused_and_not_sent_on(
    https: None, db: None, path: str, method: str
) -> None:
    answer = getattr(Client(), method)(path, headers={"Authorization": "Token abc"})
    assert problem(answer) == (403, "https_required")
    assert "Location" not in answer.headers


def test_a_person_who_does_is_sent_on(https: None, db: None) -> None:
    answer = Client().get("/sign-in/")
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://testserver/sign-in/")
