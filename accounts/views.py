"""Signing in and out, one's own password and API token."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods
from rest_framework.authtoken.models import Token

from accounts.models import User


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
    """Show that a token exists; a POST makes a new one, shows it once and ends the old one."""
    assert isinstance(request.user, User)
    fresh = None
    if request.method == "POST":
        Token.objects.filter(user=request.user).delete()
        fresh = Token.objects.create(user=request.user).key
    existing = Token.objects.filter(user=request.user).first()
    return render(request, "accounts/api_token.html", {"fresh": fresh, "existing": existing})
