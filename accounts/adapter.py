"""What allauth does our way: who may try to sign in how often, from where a request came, and what is said."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sites.shortcuts import get_current_site
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext_lazy, gettext_noop

from accounts import idle, known_devices, lockout, outgoing
from accounts.client_address import address_of
from accounts.languages import language_of_receiver

NOWHERE = "::"
"""Stands for the address of whoever comes from none that the server knows (a Unix socket)."""

FRESH_SECONDS = 300.0
"""For so long after signing in, nothing needs to be confirmed."""

SAID = {
    "account/messages/password_changed.txt": gettext_lazy("Your password was changed."),
    "mfa/messages/totp_activated.txt": gettext_lazy("The authenticator app is set up."),
    "mfa/messages/totp_deactivated.txt": gettext_lazy("The authenticator app was removed."),
    "mfa/messages/webauthn_added.txt": gettext_lazy("The passkey was added."),
    "mfa/messages/webauthn_removed.txt": gettext_lazy("The passkey was removed."),
}
"""What a page says after something was done, by the template with which allauth would say it; of the rest, nothing."""

BY_ALLAUTH = (
    gettext_noop("Use your password"),
    gettext_noop("Use authenticator app or code"),
    gettext_noop("Use a security key"),
)
"""What allauth says itself on pages of ours; its own translations are not all of one tone."""

BARRED = "too_many_login_attempts"
"""allauth's code of an attempt that was one too many."""

MISMATCH = gettext_lazy("This e-mail address and password do not belong together. Please try again.")
TOO_MANY = gettext_lazy("There were too many attempts. Please wait five minutes, then try again.")
SWITCHED_OFF = gettext_lazy("This account is switched off. Please ask your clinic administrator.")


class AccountAdapter(DefaultAccountAdapter):
    """Signing in with an e-mail address, by invitation only."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": MISMATCH,
        BARRED: TOO_MANY,
        "enter_current_password": gettext_lazy("This is not your present password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account for themselves."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address by which rates are limited; the access log says the same."""
        return address_of(request) or NOWHERE

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse who has tried too often; see docs/decisions/2026-11-25-sign-in.md for the limits."""
        if not lockout.may_try(request, credentials["email"]):
            lockout.record(credentials["email"])
            raise self.validation_error(BARRED)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The user whose password it is. Raises ``ValidationError`` after too many attempts."""
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            lockout.forget(request, credentials["email"])
        return user

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **how: Any) -> HttpResponse:
        """Remember the browser, so that strangers who try this account cannot keep its owner out."""
        response: HttpResponse = super().post_login(request, user, **how)
        known_devices.remember(request, response, user.get_username())
        return response

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Whoever has just signed in need not confirm that it is them."""
        if idle.signed_in_for(self.request) < FRESH_SECONDS:
            return False
        return bool(super().is_reauthentication_required(app=app, **options))

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Said only to whoever knew the password."""
        messages.error(request, SWITCHED_OFF)
        return redirect("account_login")

    def mail_of(self, template_prefix: str, email: str, context: dict[str, Any]) -> EmailMessage:
        """The mail of these templates to ``email``, in its owner's language, as `send_mail` sends it."""
        said = {"request": self.request, "email": email, "current_site": get_current_site(self.request)}
        with translation.override(language_of_receiver(email)):
            message: EmailMessage = self.render_mail(template_prefix, email, said | context)
        return message

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Have it sent beside the answer, which tells by neither words nor time whether there was anything to send."""
        outgoing.send_later(self.mail_of(template_prefix, email, context))

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *_: Any,
        message: str | None = None,
        **__: Any,
    ) -> None:
        """Say it in our words, or not at all."""
        words = message or SAID.get(message_template or "")
        if words:
            messages.add_message(request, level, words)
