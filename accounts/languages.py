"""In which language somebody is spoken to: the one they chose, else their browser's; programs in English."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext, pgettext

from accounts.models import User

PROGRAMS = "/api/"


class LanguageMiddleware:
    """Answer in the language of whoever asks. What streams is made after that, in English, as it is for programs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        spoken = language_of(request)
        with translation.override(spoken):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", spoken)
        return response


def language_of(request: HttpRequest) -> str:
    """The code of the language in which to answer."""
    if request.path.startswith(PROGRAMS):
        return settings.LANGUAGE_CODE
    return _chosen(request.user) or translation.get_language_from_request(request)


def as_for_programs() -> AbstractContextManager[None]:
    """Within it English is spoken, whoever asks: in files that programs read."""
    return translation.override(settings.LANGUAGE_CODE)


def whole_number(number: int) -> str:
    """A whole number with its thousands set apart as the language does: a comma would be a decimal one in Spanish."""
    return f"{number:,}".replace(",", pgettext("between thousands", ","))


def language_of_receiver(email: str) -> str | None:
    """In which language to write to this address: as its owner chose, else the one that is being spoken."""
    return _chosen(User.objects.filter(email__iexact=email).first()) or translation.get_language()


def language_set(*, user: User, language: str) -> User:
    """Speak ``language`` to ``user`` from now on, or with ``""`` their browser's. Raises ``ValidationError``."""
    if language and language not in dict(settings.LANGUAGES):
        raise ValidationError(gettext("Please choose one of the languages."))
    user.language = language
    user.save(update_fields=["language"])
    return user


def _chosen(user: object) -> str:
    """Nothing where nothing was chosen, or what is offered no more."""
    return user.language if isinstance(user, User) and user.language in dict(settings.LANGUAGES) else ""
