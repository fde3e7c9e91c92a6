"""Finding out who somebody is. Until then it is nobody's clinic; from then on it is theirs."""

from __future__ import annotations

from uuid import UUID

from allauth.account import auth_backends
from rest_framework import authentication

import tenancy
from accounts import wrong_tokens
from accounts.api_tokens import api_token_of
from accounts.models import ApiToken, User


class AuthenticationBackend(auth_backends.AuthenticationBackend):
    """Who signs in, and who it is that signed in before."""

    def get_user(self, user_id: UUID) -> User | None:
        """The holder of a session, in whichever clinic."""
        with tenancy.every_clinic():
            user: User | None = super().get_user(user_id)
        return user


class TokenAuthentication(authentication.TokenAuthentication):
    """A program's token."""

    def authenticate_credentials(self, key: str) -> tuple[User, ApiToken]:
        """Whose token this is, in whichever clinic. Raises ``AuthenticationFailed`` or ``Throttled``."""
        with tenancy.every_clinic():
            token = api_token_of(key) or wrong_tokens.refuse(key)
        tenancy.become(token.user.clinic_id, actor_id=token.user.id)
        return token.user, token
