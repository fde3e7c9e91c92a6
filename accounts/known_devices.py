"""Browsers in which somebody has signed in before: a signed cookie names the accounts, as keyed hashes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

COOKIE = "known_device"
LASTS = timedelta(days=180)
ACCOUNTS = 20
"""So many people who share a browser are remembered, those who signed in last."""


def known_as(request: HttpRequest, email: str) -> str:
    """The id of the browser if ``email`` has signed in with it before, else nothing."""
    cookie = _cookie(request)
    return cookie["device"] if _mark(email) in cookie["accounts"] else ""


def remember(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Have the browser remember that ``email`` has signed in with it."""
    cookie = _cookie(request)
    others = [account for account in cookie["accounts"] if account != _mark(email)]
    cookie["accounts"] = [*others, _mark(email)][-ACCOUNTS:]
    response.set_cookie(
        _name(),
        signing.dumps(cookie, salt=COOKIE),
        max_age=LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _cookie(request: HttpRequest) -> dict[str, Any]:
    try:
        said: dict[str, Any] = signing.loads(request.COOKIES.get(_name(), ""), salt=COOKIE, max_age=LASTS)
    except signing.BadSignature:
        return {"device": uuid4().hex, "accounts": []}
    return said


def _name() -> str:
    return f"{settings.COOKIE_PREFIX}{COOKIE}"


def _mark(email: str) -> str:
    return salted_hmac(COOKIE, email.lower(), algorithm="sha256").hexdigest()[:24]
