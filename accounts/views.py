"""One's own devices, language and API token. Signing in and out and the password are allauth's: see `accounts.urls`."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.decorators import reauthentication_required
from allauth.account.views import LogoutView, PasswordChangeView, PasswordResetView
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import once
from accounts.api_tokens import api_token_make
from accounts.devices import device_end, devices_of
from accounts.idle import keep_nothing, seconds_left
from accounts.languages import language_of, language_set
from accounts.models import ApiToken, User
from accounts.needs import Ask, needing


class NewPassword(PasswordChangeView):
    """Changes one's own password. An account without one is told so: whoever sits at its screen does not choose one."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("home")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As allauth does, but for who has no password, whom it would send to a page that there is not."""
        if isinstance(request.user, User) and not request.user.has_usable_password():
            return render(request, "accounts/password_none.html")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class SignOut(LogoutView):
    """Ends the session, and what the browser kept of its pages."""

    def post(self, *args: Any, **options: Any) -> HttpResponse:
        """Leads to the sign-in page."""
        answer: HttpResponse = super().post(*args, **options)
        keep_nothing(answer)
        return answer


class ForgottenPassword(PasswordResetView):
    """Asks for a code by e-mail, or for the administrator where no e-mail can be sent."""

    template_name = "accounts/forgotten.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """With whether e-mail can be sent."""
        return super().get_context_data(**context) | {"by_mail": bool(settings.EMAIL_URL)}


@needing(GET=Ask.SIGN_IN, POST=Ask.SIGN_IN)
@login_required
@reauthentication_required(enabled=lambda request: request.method == "POST")  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "HEAD", "POST"])
def api_token(request: HttpRequest) -> HttpResponse:
    """Show that a token exists; the answer to a POST shows a new one, which ends the old one."""
    user, fresh = cast(User, request.user), None
    if request.method == "POST":
        # Loading the answer again must not make yet another and end the one just copied.
        if once.is_repeated(request):
            return redirect("api-token")
        fresh = api_token_make(user=user)
    existing = ApiToken.objects.filter(user=user).first()
    context = {"fresh": fresh, "existing": existing, "once": once.mark()}
    return render(request, "accounts/api_token.html", context)


@needing(GET=Ask.SIGN_IN)
@login_required
@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    """Where one is signed in."""
    found = devices_of(cast(User, request.user), here=request.session.session_key)
    return render(request, "accounts/devices.html", {"devices": found})


@needing(POST=Ask.SIGN_IN)
@login_required
@reauthentication_required
@require_POST
def end_device(request: HttpRequest, device_id: int) -> HttpResponse:
    """Sign out in another place."""
    user = cast(User, request.user)
    session = get_object_or_404(UserSession, id=device_id, user=user)
    device_end(user=user, session=session)
    messages.success(request, gettext("You were signed out there."))
    return redirect("devices")


@needing(POST=Ask.SIGN_IN)
@login_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Speak another language from here on, and say so in it."""
    try:
        language_set(user=cast(User, request.user), language=request.POST.get("language", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        with translation.override(language_of(request)):
            messages.success(request, gettext("The language was changed."))
    return redirect("account_change_password")


@needing(GET=Ask.SIGN_IN)
@require_safe
def session_left(request: HttpRequest) -> HttpResponse:
    """For the page's own script: how many seconds are left until one is signed out; 401 if that has happened."""
    if not isinstance(request.user, User):
        return JsonResponse({}, status=401)
    return JsonResponse({"seconds": max(0, round(seconds_left(request.session, request.user)))})
