"""Where somebody is signed in: listed for themselves, and ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.utils.translation import gettext

from accounts import access_log
from accounts.idle import SEEN, seconds_left
from accounts.models import Purpose, User

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"))
"""What is looked for in how a browser calls itself, in this order, and what people call it."""


@dataclass(frozen=True, slots=True)
class Device:
    """One session of somebody. ``here``: the one in which they ask."""

    session: UserSession
    name: str
    seen_at: datetime
    here: bool


def devices_of(user: User, *, here: str | None) -> list[Device]:
    """Where ``user`` is signed in, this browser (its session key is ``here``) first, then the latest.

    A session whose time is over is none of them, though it ends only when somebody asks for a page in it.
    """
    listed = ((session, _store()(session.session_key)) for session in UserSession.objects.purge_and_list(user))
    found = [_device(session, content, here) for session, content in listed if seconds_left(content, user) > 0]
    return sorted(found, key=lambda device: (not device.here, -device.seen_at.timestamp()))


def device_end(*, user: User, session: UserSession) -> None:
    """Sign ``user`` out there."""
    session.end()
    access_log.record(
        actor=user, action="end_session", object_kind="account", object_id=user.id, purpose=Purpose.ACCOUNT
    )


def sessions_end(user: User) -> None:
    """Sign ``user`` out everywhere, for good."""
    user.session_round += 1
    user.save(update_fields=["session_round"])
    UserSession.objects.filter(user=user).delete()


def sessions_tidy() -> None:
    """Delete what is left of sessions that are over: their content, and from where they were."""
    _store().clear_expired()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def _store() -> type[SessionBase]:
    store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
    return store


def _device(session: UserSession, content: SessionBase, here: str | None) -> Device:
    seen = content.get(SEEN)
    seen_at = datetime.fromtimestamp(seen, tz=UTC) if seen else session.last_seen_at
    return Device(session, _name(session.user_agent), seen_at, session.session_key == here)


def _name(agent: str) -> str:
    browser = next((name for word, name in BROWSERS if word in agent), gettext("A browser"))
    system = next((name for word, name in SYSTEMS if word in agent), "Linux" if "Linux" in agent else "")
    return gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser
