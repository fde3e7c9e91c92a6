"""Per-request surroundings: who asks from where, the clinic's time zone, and pages that no shared computer may keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django_structlog.middlewares import RequestMiddleware

import tenancy
from accounts.client_address import asked_from

GetResponse = Callable[[HttpRequest], HttpResponse]


class ClientAddressMiddleware:
    """Let the access log know where a request came from."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with asked_from(request):
            return self.get_response(request)


class TenancyMiddleware:
    """Let the database show a request the rows of its own clinic only, and none before it is known whose it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with tenancy.nobody():
            if request.user.is_authenticated:
                tenancy.become(request.user.clinic_id)
            response = self.get_response(request)
            if isinstance(response, StreamingHttpResponse):
                _keep_tenancy(response)
            return response


def _keep_tenancy(response: StreamingHttpResponse) -> None:
    """What streams is made after the request has ended, and still for whom it was asked."""
    parts: Any = response.streaming_content
    response.streaming_content = tenancy.surrounding_async(parts) if response.is_async else tenancy.surrounding(parts)


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


class PrivatePagesMiddleware:
    """Tell browsers and proxies to keep no copy of what a signed-in person saw."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response
