"""How often one may try to guess a password: limits that a stranger cannot turn against whose account it is.

The rates are in the settings (``ACCOUNT_RATE_LIMITS``); why they are these, in docs/decisions/2026-11-25-sign-in.md.
"""

from __future__ import annotations

from allauth.core import ratelimit
from django.http import HttpRequest

from accounts import access_log, known_devices
from accounts.client_address import address_of, line_of
from accounts.models import User

FROM_A_PLACE = "sign_in_from_place"
"""Attempts on one account from one place: a browser that its owner has used before, or else an address."""

FROM_STRANGERS = "sign_in_from_strangers"
"""Attempts on one account from all places together that are none of its owner's browsers."""


PRESENT_PASSWORD = "present_password"  # noqa: S105 - a name for what is counted, not the password
"""Wrong present passwords of who is signed in and wants another, in all their browsers together."""


def may_try(request: HttpRequest, email: str) -> bool:
    """Whether another attempt on ``email`` may be made; it counts as made."""
    if not ratelimit.consume(request, action=FROM_A_PLACE, key=_place(request, email)):
        return False
    if known_devices.known_as(request, email):
        return True
    return ratelimit.consume(request, action=FROM_STRANGERS, key=email.lower())


def forget(request: HttpRequest, email: str) -> None:
    """The password was right: attempts from this place count no more. What strangers tried still does."""
    ratelimit.clear(request, action=FROM_A_PLACE, key=_place(request, email))


def may_give_present_password(request: HttpRequest, user: User) -> bool:
    """Whether another present password may be given; it counts as a wrong one until `forget_present_password`."""
    if ratelimit.consume(request, action=PRESENT_PASSWORD, user=user):
        return True
    access_log.record_failed_sign_in(user, action="lock_out")
    return False


def forget_present_password(request: HttpRequest, user: User) -> None:
    """It was right: whatever is wrong with the new one is no guess."""
    ratelimit.clear(request, action=PRESENT_PASSWORD, user=user)


def record(email: str) -> None:
    """Write down that somebody was kept out."""
    access_log.record_failed_sign_in(User.objects.filter(email__iexact=email).first(), action="lock_out")


def _place(request: HttpRequest, email: str) -> str:
    return f"{email.lower()} {known_devices.known_as(request, email) or line_of(address_of(request))}"
