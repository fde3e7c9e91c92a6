"""Forms of allauth's pages where ours differ: failures are written down, and a code works once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordForm, ResetPasswordKeyForm
from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm, ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext
from fido2.webauthn import UserVerificationRequirement

from accounts import access_log, lockout
from accounts.adapter import BARRED, AccountAdapter
from accounts.models import User

CODE_BY_MAIL = "account/email/password_reset_code"
"""How allauth calls the mail."""


class SignInForm(LoginForm):
    """E-mail address and password."""

    def add_prefix(self, field_name: str) -> str:
        """The address is sent as ``username``, the name by which browsers and password managers know it."""
        return super().add_prefix("username" if field_name == "login" else field_name)


class NewPasswordForm(ChangePasswordForm):
    """One's own password, in our words."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["oldpassword"].label = gettext("Present password")
        self.fields["password1"].label = gettext("New password")
        self.fields["password2"].label = gettext("New password again")

    def clean_oldpassword(self) -> str:
        """The present password, which alone is guessed here. Raises ``ValidationError``: wrong, or wrong too often."""
        user = cast(User, self.user)
        if not lockout.may_give_present_password(context.request, user):
            raise AccountAdapter(context.request).validation_error(BARRED)
        password: str = super().clean_oldpassword()
        lockout.forget_present_password(context.request, user)
        return password


class CodeRequestForm(ResetPasswordForm):
    """Asking for a code by mail, with which a forgotten password is exchanged."""

    def clean_email(self) -> str:
        """The address. Who has no password has not forgotten one, and gets none by whoever reads their mail."""
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.has_usable_password()]
        return email

    def save(self, request: HttpRequest, **options: Any) -> str:
        """Have the code sent; where nobody is to have one, do what a mail would have cost, so that no time tells."""
        if not self.users:
            adapter = AccountAdapter(request)
            made_up = {"request": request, "code": adapter.generate_password_reset_code()}
            adapter.mail_of(CODE_BY_MAIL, self.cleaned_data["email"], made_up)
        email: str = super().save(request, **options)
        return email


class ForgottenPasswordForm(ResetPasswordKeyForm):
    """A new password for one that was forgotten, in our words."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password1"].label = gettext("New password")
        self.fields["password2"].label = gettext("New password again")


if TYPE_CHECKING:
    _Form = forms.Form
else:
    _Form = object


class _WrittenDown(_Form):
    """A second factor that is wrong leaves a row of the access log."""

    user: User | None

    def is_valid(self) -> bool:
        valid = super().is_valid()
        if self.is_bound and not valid:
            codes = {error.code for errors in self.errors.as_data().values() for error in errors}
            access_log.record_failed_sign_in(self.user, action="lock_out" if BARRED in codes else "second_factor")
        return valid


class _Once(_WrittenDown):
    """A code that was taken is not taken again while the clock would still allow it."""

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]  # of the form that this is mixed into
        told = hashlib.sha256(f"{cast(User, self.user).pk} {code}".encode()).hexdigest()
        seconds = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
        if not cache.add(f"second_factor:{told}", 1, timeout=seconds):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(_Once, AuthenticateForm):
    """The second step of signing in."""


class ConfirmByCodeForm(_Once, ReauthenticateForm):
    """Confirming that it is still oneself."""


class PasskeyForm(_WrittenDown, AuthenticateWebAuthnForm):
    """The second step of signing in, with a key."""


class ConfirmByPasskeyForm(_WrittenDown, ReauthenticateWebAuthnForm):
    """Confirming with a key."""


class PasskeySignInForm(_WrittenDown, LoginWebAuthnForm):
    """Signing in with a passkey instead of a password, and so with one that has asked for a PIN, a finger or a face."""

    def clean_credential(self) -> Authenticator:
        """Whose passkey it is. Raises ``ValidationError``.

        The session holds one challenge, of whichever page asked last. One of the second step is answered by a touch,
        and would let in who has found a security key; what was asked for is remembered with the challenge.
        """
        asked = auth.get_state() or {}
        if asked.get("user_verification") != UserVerificationRequirement.REQUIRED:
            raise get_adapter().validation_error("incorrect_code")
        return super().clean_credential()
