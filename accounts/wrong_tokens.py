"""What happens to a program that sends a token which is none: it is written down, and after too many told to wait.

A token is too long to be guessed, so that a right one is always let in: nobody can keep a program out by sending wrong
ones, neither from its own address nor, behind a proxy that is not named, from everybody's.
"""

from __future__ import annotations

import time
from typing import NoReturn

import structlog
from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis import RedisError
from rest_framework.exceptions import AuthenticationFailed, Throttled

from accounts import access_log
from accounts.api_tokens import KIND, beginning_of
from accounts.client_address import client_address, line_of
from accounts.models import User

log = structlog.get_logger(__name__)

SECONDS = 300
"""The span of time in which wrong tokens are counted."""

INVALID = "This token is not valid: it was mistyped, another was made since, or its account was switched off."
TOO_MANY = "Too many wrong tokens came from your address."


def refuse(key: str) -> NoReturn:
    """Raises ``AuthenticationFailed``, after too many ``Throttled``; only the former is written down."""
    if _one_too_many(key):
        raise Throttled(wait=SECONDS - now() % SECONDS, detail=TOO_MANY)
    owner = User.objects.filter(api_token__beginning=beginning_of(key)).first()
    if owner is None:
        log.warning("api_token_unknown")
    else:
        access_log.record_failed_sign_in(owner, action="api_token")
    raise AuthenticationFailed(INVALID)


def counters(key: str, address: str) -> tuple[str, str]:
    """Where wrong tokens of an address are counted: those that begin as ``key`` does, and all. No name tells either."""
    span, place = int(now() // SECONDS), line_of(address)
    alike, all_of_place = (
        f"{KIND}:{span}:{salted_hmac(KIND, said, algorithm='sha256').hexdigest()}"
        for said in (f"{place} {beginning_of(key)}", place)
    )
    return alike, all_of_place


def now() -> float:
    """The time by which it is counted."""
    return time.time()


def _one_too_many(key: str) -> bool:
    alike, all_of_place = counters(key, client_address())
    try:
        # What is refused for its beginning does not count for all: one program with an old token bars no other.
        return _passes(alike, settings.WRONG_TOKENS_ALIKE) or _passes(all_of_place, settings.WRONG_TOKENS_OF_PLACE)
    except RedisError:
        log.warning("wrong_token_not_counted")
        return False


def _passes(counter: str, limit: int) -> bool:
    cache.add(counter, 0, timeout=2 * SECONDS)
    return cache.incr(counter) > limit
