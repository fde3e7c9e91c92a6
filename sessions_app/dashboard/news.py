"""How an open page asks for news: how often, and how it says what it shows already."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from inference.models import Worker

SECONDS, SECONDS_WITHOUT_WORKER = 1, 5
SECONDS_BETWEEN_FIGURES = 5


def fingerprint(seen: object) -> str:
    """Differs for two things whose ``repr`` differs.

    Keyed with ``SECRET_KEY``: it stays in a page or a request, and whoever has it must not find out by trying which
    scores or names it was made of.
    """
    return salted_hmac(__name__, repr(seen), algorithm="sha256").hexdigest()[:16]


def seconds_between_news() -> int:
    """Every second while somebody works, and less often while nobody can."""
    return SECONDS if Worker.objects.alive().exists() else SECONDS_WITHOUT_WORKER
