"""When a session ends by itself: after a while in which its owner did nothing, or a working day after it began.

Requests that a page repeats by the clock are marked with a header by the page's own script, and keep no session awake.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse

from accounts.models import User

SEEN = "seen_at"
BEGAN = "began_at"
"""Keys in the session, each a Unix time."""

REPEATED = "X-Repeated"
"""The header of a request that nobody made by hand."""

CLEARED = '"cache"'
"""What the browser drops at the end of a session. Its storage is left: it holds light or dark, and nothing else."""

GRAIN_SECONDS = 10.0
"""The session is written again no sooner than after this, so that few requests write it."""


def seconds_left(session: SessionBase, user: User) -> float:
    """How long ``session`` would last if nothing were done from now on; 0 or less if it is over."""
    now = time.time()
    idle: float = user.clinic.idle_minutes * 60 - (now - session.get(SEEN, now))
    whole: float = settings.SESSION_COOKIE_AGE - (now - session.get(BEGAN, now))
    return min(idle, whole)


def note(request: HttpRequest) -> None:
    """Somebody did something; what a page repeats is nothing."""
    session: Any = request.session
    now = time.time()
    session.setdefault(BEGAN, now)
    if SEEN not in session or (REPEATED not in request.headers and now - session[SEEN] > GRAIN_SECONDS):
        session[SEEN] = now


def keep_nothing(response: HttpResponse) -> None:
    """Let the browser drop what it kept of pages: ``response`` ends a session."""
    response.headers["Clear-Site-Data"] = CLEARED


def signed_in_for(request: HttpRequest) -> float:
    """For how many seconds this session has lasted."""
    now = time.time()
    began: float = request.session.get(BEGAN, now)
    return now - began
