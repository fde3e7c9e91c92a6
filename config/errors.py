"""Errors that no view has caught: problem details for programs, a page for people."""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views import defaults

from sessions_app.api.negotiation import PROBLEM
from sessions_app.api.problems import Problem, internal_error, trouble
from sessions_app.errors import NotInEmergency

BAD_REQUEST = Problem(400, "parse_error", "This request cannot be read.")
TOO_LARGE_FORM = Problem(413, "too_large", "The body of this request is too large.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, for example a host name that is not ours; 413 for a form with more in it than any takes."""
    if isinstance(exception, RequestDataTooBig):
        return _answer(request, TOO_LARGE_FORM, lambda: HttpResponse(loader.render_to_string("413.html"), status=413))
    return _answer(request, BAD_REQUEST, lambda: defaults.bad_request(request, exception))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, and whether it is the role that does not allow it, or that somebody has emergency access only."""
    if isinstance(exception, NotInEmergency):
        return render(request, "403_emergency.html", status=403)
    return defaults.permission_denied(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 and 507, with what to do, where the database or a key is away or the disk is full."""
    # Django calls this while it handles the exception.
    problem = trouble(sys.exc_info()[1])
    if problem is not None:
        return _answer(request, problem, lambda: _trouble_page(problem))
    return _answer(request, internal_error(), lambda: defaults.server_error(request))


def _trouble_page(problem: Problem) -> HttpResponse:
    # Without a request, so that nothing asks the database who is signed in.
    page = loader.render_to_string("trouble.html", {"problem": problem})
    return HttpResponse(page, status=problem.status, headers=problem.all_headers)


def _answer(request: HttpRequest, problem: Problem, page: Callable[[], HttpResponse]) -> HttpResponse:
    if not request.path.startswith("/api/"):
        return page()
    return JsonResponse(problem.body(), status=problem.status, content_type=PROBLEM, headers=problem.all_headers)
