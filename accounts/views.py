"""One's own API token. Signing in and out and the password are allauth's pages; see `accounts.urls`."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from rest_framework.authtoken.models import Token

from accounts import services
from accounts.models import User

SHOWN_ONCE = "fresh_api_token"


@login_required
@require_http_methods(["GET", "POST"])
def api_token(request: HttpRequest) -> HttpResponse:
    """Show that a token exists; a POST makes a new one, ends the old one, and returns here to show the new one once."""
    assert isinstance(request.user, User)
    if request.method == "POST":
        # By way of the session, so that loading the page again does not make yet another and end the one just copied.
        request.session[SHOWN_ONCE] = services.api_token_make(user=request.user)
        return redirect("api-token")
    fresh = request.session.pop(SHOWN_ONCE, None)
    existing = Token.objects.filter(user=request.user).first()
    return render(request, "accounts/api_token.html", {"fresh": fresh, "existing": existing})
