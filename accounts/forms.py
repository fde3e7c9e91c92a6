"""Forms of allauth's pages where ours differ: failures are written down, and a code works once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordKeyForm
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.core.cache import cache

from accounts import access_log
from accounts.adapter import BARRED
from accounts.models import User


class SignInForm(LoginForm):
    """E-mail address and password."""

    def add_prefix(self, field_name: str) -> str:
        """The address is sent as ``username``, the name by which browsers and password managers know it."""
        return super().add_prefix("username" if field_name == "login" else field_name)


class NewPasswordForm(ChangePasswordForm):
    """One's own password, in our words."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["oldpassword"].label = "Present password"
        self.fields["password1"].label = "New password"
        self.fields["password2"].label = "New password again"

    def clean_password1(self) -> str:
        """Raises ``ValidationError`` for the same once more, where somebody else knows it."""
        new: str = self.cleaned_data["password1"]
        if cast(User, self.user).has_first_password and new == self.cleaned_data.get("oldpassword"):
            raise forms.ValidationError("Whoever made your account knows this one. Please choose another.")
        return new


class ForgottenPasswordForm(ResetPasswordKeyForm):
    """A new password for one that was forgotten, in our words."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password1"].label = "New password"
        self.fields["password2"].label = "New password again"


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
    """Signing in with a passkey instead of a password."""
