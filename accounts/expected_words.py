"""Refuses passwords that are built from words which anybody would expect here and so would try first.

docs/security.md lists them. They are not forbidden: they only count for nothing, so that a long sentence may hold one.
"""

from __future__ import annotations

import re

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.models import User

EVERYWHERE = frozenset(
    {
        *("undertone", "password", "passwort", "welcome", "qwerty"),
        *("contraseña", "contrasena", "bienvenido", "bienvenida"),
        *("clinic", "practice", "counselling", "counseling", "therapy", "therapist", "patient", "session", "voice"),
        *("clínica", "clinica", "consulta", "terapia", "terapeuta", "paciente", "sesión", "sesion", "voz"),
        *("counselor", "staff", "administrator", "integration", "client"),
    }
)
"""The product, what it is about, and who works with it."""

LEAST_OF_ONES_OWN = 8
"""So many characters must be left of a password without the words that are expected."""

SHORTEST_WORD = 3
"""Shorter parts of a name stand in too many other words."""


class ExpectedWordsValidator:
    """What is left of a password without the words that are expected here must be long enough by itself."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ``ValidationError`` if too little of ``password`` is one's own."""
        whole = left = password.lower()
        for word in sorted(words_expected_of(user), key=len, reverse=True):
            left = left.replace(word, "")
        # One that holds no such word and is too short is refused for that alone.
        if left != whole and len(left) < LEAST_OF_ONES_OWN:
            raise ValidationError(
                gettext(
                    "This password is made of words that are expected here, such as the name of the clinic or your own."
                    " Please choose another."
                ),
                code="password_expected",
            )

    def get_help_text(self) -> str:
        """What is asked of a password."""
        return gettext("Your password must not be made of the names of this clinic, of this program or of yourself.")


def words_expected_of(user: AbstractBaseUser | None) -> set[str]:
    """The words, in small letters: everybody's, and the parts of the clinic's name, of one's own and of the address."""
    names: list[str] = []
    if isinstance(user, User):
        names = [user.email, user.display_name, user.clinic.name if user.clinic_id else ""]
    parts = {part for name in names for part in re.findall(r"[^\W_]+", name.lower())}
    return set(EVERYWHERE) | {part for part in parts if len(part) >= SHORTEST_WORD}
