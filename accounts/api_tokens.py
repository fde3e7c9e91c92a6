"""API tokens: what a program sends instead of signing in, in the name of one person and with their rights.

The database keeps a hash of it, so that nobody who reads the table can use one, and its beginning, by which people
recognise it.
"""

from __future__ import annotations

import hashlib
import secrets

from accounts import access_log
from accounts.models import ApiToken, User

KIND = "api_token"
MARK = "undertone_"
"""How every token begins: a person or a program that finds one in a file sees what it is."""

BEGINNING = len(MARK) + 8


def api_token_make(*, user: User) -> str:
    """Make the user's API token and return it, which is told only now; a token from before ends at once."""
    key = f"{MARK}{secrets.token_hex(4)}_{secrets.token_hex(32)}"
    ApiToken.objects.update_or_create(user=user, defaults={"beginning": beginning_of(key), "key_hash": hash_of(key)})
    access_log.record(actor=user, action="make", object_kind=KIND)
    return key


def api_token_end(user: User) -> None:
    """Let no program in with the user's token any more."""
    ApiToken.objects.filter(user=user).delete()


def api_token_of(key: str) -> ApiToken | None:
    """The token that ``key`` is, or ``None``: there is none, or its owner is switched off."""
    return ApiToken.objects.select_related("user").filter(key_hash=hash_of(key), user__is_active=True).first()


def beginning_of(key: str) -> str:
    """What of a token is no secret; of what is none, nothing that the database cannot be asked for."""
    return key.replace("\x00", "")[:BEGINNING]


def hash_of(key: str) -> str:
    """What the database keeps of it."""
    # The token is random and long: a slow hash, or one with a key, would guard nothing.
    return hashlib.sha256(key.encode()).hexdigest()
