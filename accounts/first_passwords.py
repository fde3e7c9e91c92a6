"""Refuses to keep the password with which an account was made: whoever made the account knows it."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.models import User


class FirstPasswordValidator:
    """Another password than the first, wherever one is set: on its page, by a code, or by a link."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ``ValidationError`` if ``password`` is the first one of ``user``, who still has it."""
        if isinstance(user, User) and user.has_first_password and user.check_password(password):
            raise ValidationError(
                gettext("Whoever made your account knows this one. Please choose another."), code="password_known"
            )

    def get_help_text(self) -> str:
        """What is asked of a password."""
        return gettext("Your password must not be the one with which your account was made.")
