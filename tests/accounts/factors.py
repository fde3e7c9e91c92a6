"""An authenticator app for tests: it shows the code of a secret, as a telephone does."""

from __future__ import annotations

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client

from accounts.models import User
from tests.world import PASSWORD

SECRET = "JBSWY3DPEHPK3PXP"


def with_app(user: User) -> User:
    """``user`` with an authenticator app that holds `SECRET`, and recovery codes."""
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


def shown(secret: str = SECRET, *, steps: int = 0) -> str:
    """The code that the app shows, or shows so many half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def wrong() -> str:
    """A code that is none of those that hold now."""
    near = {shown(steps=steps) for steps in range(-2, 3)}
    return next(code for code in map("{:06}".format, range(10)) if code not in near)


def half_way(user: User, client: Client | None = None) -> Client:
    """A browser in which the password of ``user`` was given, and nothing more."""
    client = client or Client()
    client.post("/sign-in/", {"username": user.email, "password": PASSWORD})
    return client
