"""Errors that no view has caught: problem details for programs, a page for people."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from sessions_app.api.negotiation import PROBLEM
from sessions_app.api.problems import Problem, internal_error

BAD_REQUEST = Problem(400, "parse_error", "This request cannot be read.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, for example a host name that is not ours."""
    return _answer(request, BAD_REQUEST, lambda: defaults.bad_request(request, exception))


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    return _answer(request, internal_error(), lambda: defaults.server_error(request))


def _answer(request: HttpRequest, problem: Problem, page: Callable[[], HttpResponse]) -> HttpResponse:
    if not request.path.startswith("/api/"):
        return page()
    return JsonResponse(problem.body(), status=problem.status, content_type=PROBLEM)
