"""The second factor: kept encrypted, asked of everybody but in the demonstration."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from accounts.boxes import box
from accounts.models import User

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
"""What counts as one; recovery codes stand in for one that was lost."""

FOUND = "has_second_factor"
"""Key in the session: it was looked up and found, and need not be again."""


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps and recovery codes lie encrypted in the database."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("This was not right. Please try again."),
    }

    def encrypt(self, text: str) -> str:
        """Under a key that is derived from ``SECRET_KEY``."""
        return box(__name__).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Under that key, or one of ``SECRET_KEY_FALLBACKS``."""
        return box(__name__).decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002 - allauth's name
        """What a passkey is called that its owner gives no name."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey %(number)s") % {"number": count + 1} if count else gettext("Passkey")


def is_missing(request: HttpRequest, user: User) -> bool:
    """Whether ``user`` must set one up before anything else."""
    if not settings.MFA_REQUIRED or request.session.get(FOUND):
        return False
    found = Authenticator.objects.filter(user=user, type__in=FACTORS).exists()
    if found:
        request.session[FOUND] = True
    return not found


def forget_all(user: User) -> None:
    """Take all factors of ``user`` away, who sets up new ones at the next sign-in."""
    Authenticator.objects.filter(user=user).delete()
