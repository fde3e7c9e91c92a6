"""Forms whose answer shows a secret. Loading the answer again sends the form again, which must do nothing any more."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import get_random_string
from redis import RedisError

FIELD = "once"
"""The name of the hidden field in such a form; the page fills it with a `mark` of its own each time it is shown."""

TAKEN = "forms_taken"
"""Key in the session: the marks of the forms that were taken last."""

KEPT = 20

AT_ONCE_SECONDS = 60


def mark() -> str:
    """Tells one form from all others."""
    return get_random_string(16)


def is_repeated(request: HttpRequest) -> bool:
    """Whether this very form was taken before; it counts as taken. One without a mark is always a new one."""
    sent = request.POST.get(FIELD, "")[:16]
    taken = request.session.get(TAKEN, [])
    if not sent:
        return False
    if sent in taken or not _is_first(sent):
        return True
    request.session[TAKEN] = [*taken, sent][-KEPT:]
    return False


def _is_first(sent: str) -> bool:
    """Two at once both find their session as it was before either; of them one is the first here."""
    try:
        return cache.add(f"form:{hashlib.sha256(sent.encode()).hexdigest()}", 1, timeout=AT_ONCE_SECONDS)
    except RedisError:
        return True
