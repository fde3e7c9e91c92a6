"""How an open page asks for news: how often, and how it says what it shows already."""

from __future__ import annotations

import hashlib

from inference.models import Worker

SECONDS, SECONDS_WITHOUT_WORKER = 1, 5
SECONDS_BETWEEN_FIGURES = 5


def fingerprint(seen: object) -> str:
    """Differs for two things whose ``repr`` differs."""
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def seconds_between_news() -> int:
    """Every second while somebody works, and less often while nobody can."""
    return SECONDS if Worker.objects.alive().exists() else SECONDS_WITHOUT_WORKER
