"""Finding out who somebody is. Until then it is nobody's clinic; from then on it is theirs."""

from __future__ import annotations

from uuid import UUID

from allauth.account import auth_backends
from rest_framework import authentication
from rest_framework.authtoken.models import Token

import tenancy
from accounts.models import User


class AuthenticationBackend(auth_backends.AuthenticationBackend):
    """Who signs in, and who it is that signed in before."""

    def get_user(self, user_id: UUID) -> User | None:
        """The holder of a session, in whichever clinic."""
        with tenancy.every_clinic():
            user: User | None = super().get_user(user_id)
        return user


class TokenAuthentication(authentication.TokenAuthentication):
    """A program's token."""

    def authenticate_credentials(self, key: str) -> tuple[User, Token]:
        """Whose token this is, in whichever clinic. Raises `AuthenticationFailed`."""
        with tenancy.every_clinic():
            user, token = super().authenticate_credentials(key)
        tenancy.become(user.clinic_id, actor_id=user.id)
        return user, token
