"""Answers for the programs that watch an installation: is it alive, is it ready, what are its figures?"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from config import health, metrics
from tenancy import every_clinic

ANSWERS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/health/live": health.live,
    "/health/ready": health.ready,
    "/metrics": metrics.metrics,
}


class ProbesMiddleware(MiddlewareMixin):
    """Comes before every other one: a probe asks the process itself, by its address and without TLS.

    So no host name is asked for, nobody is sent on to HTTPS, no session is looked up, and no log gets a line each
    time. None of these answers depends on what is left out, and none holds anything of a clinic.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """The answer, or ``None`` for what is not a probe."""
        answer = ANSWERS.get(request.path_info)
        if answer is None:
            return None
        with every_clinic():
            response = answer(request)
        response.headers["Cache-Control"] = "no-store"
        return response
