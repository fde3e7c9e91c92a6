"""Finding out who somebody is. Until then it is nobody's clinic; from then on it is theirs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import backends
from django.http import HttpRequest
from rest_framework import authentication
from rest_framework.authtoken.models import Token

import tenancy
from accounts.models import User


class ModelBackend(backends.ModelBackend):
    """E-mail address and password."""

    def authenticate(self, request: HttpRequest | None, *arguments: Any, **credentials: Any) -> User | None:
        """Whose address and password these are, in whichever clinic."""
        with tenancy.every_clinic():
            user: User | None = super().authenticate(request, *arguments, **credentials)
        if user is not None:
            tenancy.become(user.clinic_id)
        return user

    def get_user(self, user_id: UUID) -> User | None:
        """Who it is that signed in before."""
        with tenancy.every_clinic():
            user: User | None = super().get_user(user_id)
        return user


class TokenAuthentication(authentication.TokenAuthentication):
    """A program's token."""

    def authenticate_credentials(self, key: str) -> tuple[User, Token]:
        """Whose token this is, in whichever clinic. Raises `AuthenticationFailed`."""
        with tenancy.every_clinic():
            user, token = super().authenticate_credentials(key)
        tenancy.become(user.clinic_id)
        return user, token
