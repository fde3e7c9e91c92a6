"""Per-request surroundings: from where and how long somebody asks, time zone, what a browser may do with answers."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRedirect
from django_structlog.middlewares import RequestMiddleware

import tenancy
from accounts import access_log, idle, second_factor
from accounts.client_address import asked_from
from accounts.models import Purpose, User

IDLE = gettext_lazy("You were signed out, because nothing was done here for a while.")
OVER = gettext_lazy("You were signed out, because a session lasts for a working day at most.")

MISSING = "second_factor_missing"
FIRST_PASSWORD = "first_password"  # noqa: S105 - a name for what is missing, not the password
"""The codes by which a program knows why a call with a session was refused."""

UNUSED_ABILITIES = (
    "accelerometer",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
BROWSER_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in UNUSED_ABILITIES),
}

GetResponse = Callable[[HttpRequest], HttpResponse]


class ClientAddressMiddleware:
    """Let the access log know where a request came from."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with asked_from(request):
            return self.get_response(request)


class TenancyMiddleware:
    """Let the database show a request the rows of its own clinic only, and none before it is known whose it is.

    Only the pages that find out who somebody is look in every clinic, as long as they do not know.
    """

    FINDING_OUT = frozenset(
        {
            "account_complete_password_reset",
            "account_confirm_password_reset_code",
            "account_login",
            "account_reset_password",
            "invitation",
            "mfa_authenticate",
            "mfa_login_webauthn",
        }
    )

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with tenancy.nobody():
            if request.user.is_authenticated:
                tenancy.become(request.user.clinic_id, actor_id=request.user.id)
            response = self.get_response(request)
            if isinstance(response, StreamingHttpResponse):
                _keep_tenancy(response)
            return response

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        """Called once it is known which page is asked for."""
        match = request.resolver_match
        if not request.user.is_authenticated and match is not None and match.view_name in self.FINDING_OUT:
            tenancy.become_every()


def _keep_tenancy(response: StreamingHttpResponse) -> None:
    """What streams is made after the request has ended, and still for whom it was asked."""
    parts: Any = response.streaming_content
    response.streaming_content = tenancy.surrounding_async(parts) if response.is_async else tenancy.surrounding(parts)


class SessionLimitsMiddleware:
    """Sign out who has done nothing for as long as the clinic says."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        if idle.seconds_left(request.session, user) > 0:
            idle.note(request)
            return self.get_response(request)
        _sign_out(request, user)
        response = self.get_response(request)
        idle.keep_nothing(response)
        return response


class SecondFactorMiddleware:
    """Lead who has no second factor, where one is required, to setting it up; nothing else is open before."""

    OPEN = frozenset(
        {
            "account_logout",
            "account_reauthenticate",
            "mfa_activate_totp",
            "mfa_add_webauthn",
            "mfa_index",
            "mfa_view_recovery_codes",
            "session-left",
        }
    )

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Called once it is known which page is asked for."""
        match = request.resolver_match
        if not isinstance(request.user, User) or (match is not None and match.view_name in self.OPEN):
            return None
        if not second_factor.is_missing(request, request.user):
            return None
        place = reverse("mfa_index")
        return _led_to(request, place, MISSING, f"Please set up a second factor at {place} first.")


class FirstPasswordMiddleware:
    """Lead who has a password that somebody else made to choosing one of their own; nothing else is open before."""

    OPEN = SecondFactorMiddleware.OPEN | {
        "account_change_password",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
    }

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Called once it is known which page is asked for."""
        match = request.resolver_match
        if not isinstance(request.user, User) or (match is not None and match.view_name in self.OPEN):
            return None
        if not request.user.has_first_password:
            return None
        place = reverse("account_change_password")
        return _led_to(request, place, FIRST_PASSWORD, f"Please choose a password of your own at {place} first.")


def _led_to(request: HttpRequest, place: str, code: str, sentence: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        said = {"status": 403, "code": code, "detail": sentence}
        kind = {"type": f"urn:undertone:problem:{code}", "title": "Forbidden"}
        return JsonResponse(kind | said, status=403, content_type="application/problem+json")
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(place)
    return redirect(place)


def _sign_out(request: HttpRequest, user: User) -> None:
    access_log.record(actor=user, action="time_out", object_kind="account", object_id=user.id, purpose=Purpose.ACCOUNT)
    words = OVER if idle.signed_in_for(request) > settings.SESSION_COOKIE_AGE else IDLE
    request.session.flush()
    request.user = AnonymousUser()
    messages.info(request, words)


class ClinicTimeZoneMiddleware:
    """Show times in the clinic's own time zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(ZoneInfo(request.user.clinic.time_zone)):
            return self.get_response(request)


class RequestLogMiddleware(RequestMiddleware):
    """Logs method and path of each request, without the query: a search is a patient's name."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """How a request is written in the log."""
        return f"{request.method} {request.path}"


class RefusedMethodMiddleware:
    """Show a page to people who ask for an address in a way that it does not take; programs are told so by the API."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or response.content:
            return response
        page = render(request, "405.html", status=response.status_code)
        page.headers["Allow"] = response.headers["Allow"]
        return page


class BrowserMiddleware:
    """Say on every answer, errors too, what a browser may do with it.

    No copy may be kept, as what a signed-in person saw must not come back with the Back button of a shared computer; no
    page of somebody else may use an answer as a part of its own; and no page may use what it has no need of.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in BROWSER_HEADERS.items():
            response.headers.setdefault(name, value)
        return response
