"""Asking the policy in earnest: a refusal is logged and ends the request."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from accounts import access_log
from accounts.models import User
from accounts.policy import Action, may


def require(user: User, action: Action, *, object_kind: str = "service") -> None:
    """Go on if ``user``'s role allows ``action``; else log the refusal and raise ``PermissionDenied``."""
    if not may(user, action):
        access_log.record(actor=user, action=action, object_kind=object_kind, allowed=False)
        raise PermissionDenied
