"""Signing in and out, one's own password and API token."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods
from rest_framework.authtoken.models import Token

from accounts import services
from accounts.models import User

SHOWN_ONCE = "fresh_api_token"


class SignIn(auth.LoginView):
    """The first page: e-mail and password."""

    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True


class SignOut(auth.LogoutView):
    """Ends the session and returns to the first page."""


class PasswordChange(auth.PasswordChangeView):
    """One's own password; every other session of the same person ends."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("home")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Say that it was done."""
        messages.success(self.request, "Your password was changed.")
        return super().form_valid(form)


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
