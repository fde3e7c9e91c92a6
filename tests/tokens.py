"""A token of the API for tests: made for somebody once, and the same whenever it is asked for."""

from __future__ import annotations

from accounts.api_tokens import MARK, beginning_of, hash_of
from accounts.models import ApiToken, User


def token_of(user: User) -> str:
    """One that is known beforehand; making one on the page would end it, and leave a row of the access log."""
    key = f"{MARK}{user.id.hex[:8]}_{user.id.hex * 2}"
    ApiToken.objects.get_or_create(user=user, defaults={"beginning": beginning_of(key), "key_hash": hash_of(key)})
    return key
