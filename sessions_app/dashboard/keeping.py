"""Keeping what was written in a form, encrypted. Why it was not kept is said in the form, which still holds it."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from inference.errors import FileDamaged
from sessions_app.errors import KeyMissing

NOT_ENCRYPTED = gettext_lazy(
    "What you wrote could not be encrypted just now, so it was not kept. Please try again soon, and tell your clinic "
    "administrator if it stays so."
)


def kept(form: forms.BaseForm, keep: Callable[[], object]) -> bool:
    """Whether ``keep`` has kept it."""
    try:
        keep()
    except ValidationError as error:
        form.add_error(None, error)
        return False
    except (FileDamaged, KeyMissing):
        form.add_error(None, NOT_ENCRYPTED)
        return False
    return True
