"""What every answer says to a browser at least, and that no program is sent on from HTTP to HTTPS.

Probes, static files and refusals of large bodies are answered before the middleware that says more on pages.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.deprecation import MiddlewareMixin

from config.limits import Application, Message, Receive, Scope, Send
from sessions_app.api.negotiation import PROBLEM
from sessions_app.api.problems import Problem

LEAST = {
    "Content-Security-Policy": "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
HTTPS_REQUIRED = Problem(
    403,
    "https_required",
    "Please ask over HTTPS. What was sent with this request, a token too, could be read on its way: make a new token.",
)


class EveryAnswer:
    """Wraps an ASGI application: what an answer does not say by itself of `LEAST`, and HSTS, is added."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        least = LEAST | (_hsts() if _is_secure(scope) else {})

        async def send_more(message: Message) -> None:
            await send(_with(least, message) if message["type"] == "http.response.start" else message)

        await self.application(scope, receive, send_more)


class ProgramsOverHttpsMiddleware(MiddlewareMixin):
    """A program that asks without TLS is refused, so that somebody notices; people are sent on by Django.

    Sent on, it would go on sending its token readable with every first request.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """The refusal, or ``None`` for whatever else."""
        if not settings.SECURE_SSL_REDIRECT or request.is_secure() or not request.path.startswith("/api/"):
            return None
        return JsonResponse(HTTPS_REQUIRED.body(), status=HTTPS_REQUIRED.status, content_type=PROBLEM)


def _with(least: Mapping[str, str], message: Message) -> Message:
    said = {bytes(name).lower() for name, _ in message["headers"]}
    more = [(name.lower().encode(), value.encode()) for name, value in least.items()]
    return {**message, "headers": [*message["headers"], *(header for header in more if header[0] not in said)]}


def _is_secure(scope: Scope) -> bool:
    """As Django's ``request.is_secure()``, which there is no request yet to ask."""
    if scope.get("scheme") == "https":
        return True
    believed: tuple[str, str] | None = settings.SECURE_PROXY_SSL_HEADER
    if believed is None:
        return False
    variable, secure = believed
    header = variable.removeprefix("HTTP_").replace("_", "-").lower().encode()
    said = [value for name, value in scope["headers"] if name.lower() == header]
    return bool(said) and said[0].decode("latin-1").split(",")[0].strip() == secure


def _hsts() -> dict[str, str]:
    """What Django's own middleware says on pages."""
    if not settings.SECURE_HSTS_SECONDS:
        return {}
    parts = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    parts += ["includeSubDomains"] if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else []
    parts += ["preload"] if settings.SECURE_HSTS_PRELOAD else []
    return {"Strict-Transport-Security": "; ".join(parts)}
