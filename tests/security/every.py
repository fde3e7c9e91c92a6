"""Asking every route of one kind at once, with the objects of Alice's patient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.test import Client
from django.test.client import ClientHandler

from accounts.models import User
from accounts.needs import Ask
from tests.pages import signed_in
from tests.security.routes import Route, routes
from tests.sessions_app.api.client import as_


def taking(method: str, *, api: bool | None = None) -> Iterator[Route]:
    """The routes that take ``method`` and lead somewhere."""
    for route in routes():
        need = (route.needs or {}).get(method)
        if need is not None and need not in {Ask.NOWHERE, Ask.METRICS_TOKEN} and api in {None, route.is_api}:
            yield route


class Asker:
    """Asks pages as ``user`` who has signed in, and the API with their token; an exception is an answer of 500."""

    def __init__(self, user: User, *, enforce_csrf_checks: bool = False) -> None:
        self.page = signed_in(user)
        self.program = as_(user)
        handler = ClientHandler(enforce_csrf_checks=enforce_csrf_checks)
        for client in (self.page, self.program):
            client.handler, client.raise_request_exception = handler, False

    def at(self, route: Route) -> Client:
        return self.program if route.is_api else self.page

    def ask(
        self, method: str, route: Route, ids: dict[str, str], body: bytes = b"", kind: str = "", **more: Any
    ) -> Any:
        return self.at(route).generic(method, route.path(ids), body, kind or "application/octet-stream", **more)
