"""Confirming that it is still oneself, as allauth does it; and the session gets a new key, as at signing in."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse


class _NewKey:
    """Whoever has read the key before has nothing of what is opened now."""

    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponse:
        """It was right: first the key, then what was to be done."""
        session: SessionBase = self.request.session
        before = session.session_key
        session.cycle_key()
        UserSession.objects.filter(session_key=before).update(session_key=session.session_key)
        answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]  # of the view that this is mixed into
        return answer


class ConfirmByPassword(_NewKey, ReauthenticateView):
    """With the password."""


class ConfirmByCode(_NewKey, ReauthenticateByCodeView):
    """With a code of the app, or one for recovery."""


class ConfirmByPasskey(_NewKey, ReauthenticateWebAuthnView):
    """With a passkey."""
