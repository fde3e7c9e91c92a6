"""What is written down, and what ends, when somebody signs in or out or changes password or second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

import tenancy
from accounts import access_log
from accounts.api_tokens import api_token_end
from accounts.devices import sessions_end
from accounts.models import Purpose, User
from accounts.second_factor import FOUND


def connect() -> None:
    """Start listening."""
    user_logged_in.connect(log_sign_in)
    user_logged_out.connect(log_sign_out)
    user_login_failed.connect(log_failed_sign_in)
    password_changed.connect(log_new_password)
    password_reset.connect(log_new_password)
    for new_password in (password_changed, password_reset):
        new_password.connect(end_token)
    authenticator_added.connect(log_added_factor)
    authenticator_removed.connect(log_removed_factor)
    for other_factor in (authenticator_added, authenticator_removed):
        other_factor.connect(end_elsewhere)
    authenticator_reset.connect(log_new_codes)


def log_sign_in(*, user: User, **_: Any) -> None:
    """Somebody has signed in."""
    _log(user, "sign_in")


def log_sign_out(*, user: User | None, **_: Any) -> None:
    """Somebody has signed out; ``None``: their session had ended before."""
    if user is not None:
        _log(user, "sign_out")


def log_failed_sign_in(*, credentials: dict[str, Any], **_: Any) -> None:
    """Somebody gave an address and a password that do not belong together."""
    address = str(credentials.get("email", "")).replace("\x00", "")
    with tenancy.every_clinic():
        access_log.record_failed_sign_in(User.objects.filter(email__iexact=address).first())


def log_new_password(*, user: User, **_: Any) -> None:
    """Somebody has changed their password, or set a new one with a code that was sent to them."""
    _log(user, "change_password")


def log_added_factor(*, user: User, **_: Any) -> None:
    """Somebody has set up an authenticator app, a passkey or recovery codes."""
    _log(user, "add_second_factor")


def log_removed_factor(*, user: User, request: HttpRequest, **_: Any) -> None:
    """Somebody has removed one, and may have none any more."""
    request.session.pop(FOUND, None)
    _log(user, "remove_second_factor")


def log_new_codes(*, user: User, **_: Any) -> None:
    """Somebody has made new recovery codes."""
    _log(user, "renew_recovery_codes")


def end_token(*, user: User, **_: Any) -> None:
    """A new password ends the API token: whoever knew the old one may have made it."""
    api_token_end(user)


def end_elsewhere(*, user: User, request: HttpRequest, **_: Any) -> None:
    """Another second factor, or one less, ends all sessions but this one.

    Those had passed the password alone, or have found a factor that is gone, and do not look again.
    """
    sessions_end(user)
    update_session_auth_hash(request, user)
    UserSession.objects.create_from_request(request)


def _log(user: User, action: str) -> None:
    access_log.record(actor=user, action=action, object_kind="account", object_id=user.id, purpose=Purpose.ACCOUNT)
