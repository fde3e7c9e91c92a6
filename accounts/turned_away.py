"""A form that is sent after its sender was signed out: they are told, and find their page again after signing in."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy

from accounts.idle import REPEATED
from accounts.needs import needs_of

NOT_KEPT = gettext_lazy(
    "You were no longer signed in, so what you sent was not kept. Please sign in, and then send it again."
)

READING = ("GET", "HEAD", "OPTIONS")
HTMX_REDIRECT = "HX-Redirect"


class TurnedAwayMiddleware:
    """Lead to the page on which a form stood, and not to where it was sent, which often cannot be asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        header = HTMX_REDIRECT if HTMX_REDIRECT in response.headers else "Location"
        # What a page asks by the clock was sent by nobody.
        by_hand = request.method not in READING and REPEATED not in request.headers
        if by_hand and _leads_to_sign_in(response.headers.get(header, ""), header):
            query = urlencode({REDIRECT_FIELD_NAME: page_of_form(request)}, safe="/")
            response.headers[header] = f"{reverse('account_login')}?{query}"
            messages.warning(request, NOT_KEPT)
        return response


def page_of_form(request: HttpRequest) -> str:
    """The path of the page of ours from which ``request`` was sent, or of the first page.

    Without what the address asks for: a search is a patient's name.
    """
    said = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(said, {request.get_host()}, require_https=request.is_secure())
    path = urlsplit(said).path if ours else ""
    return path if _can_be_asked_for(path) else reverse("home")


def _can_be_asked_for(path: str) -> bool:
    if not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return False
    try:
        match = resolve(path)
    except Resolver404:
        return False
    return "GET" in (needs_of(match.func, match.view_name) or {})


def _leads_to_sign_in(address: str, header: str) -> bool:
    parts = urlsplit(address)
    # Signing out leads there too, but nowhere from there; what htmx is told names no page to come back to.
    asks_first = header == HTMX_REDIRECT or REDIRECT_FIELD_NAME in parse_qs(parts.query)
    return parts.path == reverse("account_login") and asks_first
