"""Every route that the URL resolver knows, and those that are answered before it, with what each asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

from accounts.needs import Ask, Need, needing, needs_of
from config.probes import ANSWERS

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

STATIC = "/static/css/base.css"
"""Stands for all static files, which a middleware answers."""

NOWHERE = "no/such/place"
"""What a route that takes any address is asked for."""


@dataclass(frozen=True)
class Route:
    """``template`` has a place ``%(name)s`` for each of ``parameters``."""

    template: str
    parameters: tuple[str, ...]
    view: Callable[..., Any]
    name: str = ""

    @property
    def is_api(self) -> bool:
        return self.template.startswith("/api/")

    @cached_property
    def needs(self) -> dict[str, Need] | None:
        return needs_of(self.view, self.name)

    def path(self, values: dict[str, str]) -> str:
        return self.template % {name: values[name] for name in self.parameters}

    def __str__(self) -> str:
        return self.template % {name: f"<{name}>" for name in self.parameters}


def routes() -> list[Route]:
    """All of them."""
    probes = [Route(path, (), view) for path, view in ANSWERS.items()]
    return [*probes, Route(STATIC, (), _static), *_resolved(get_resolver(), "", "")]


@needing(GET=Ask.NOTHING)
def _static() -> None:
    """Has no view of its own."""


def _resolved(resolver: URLResolver, before: str, namespace: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        regex = before + entry.pattern.regex.pattern.removeprefix("^").replace(r"\Z", "")
        if isinstance(entry, URLResolver):
            yield from _resolved(entry, regex, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        else:
            yield _route(entry, regex, namespace)


def _route(entry: URLPattern, regex: str, namespace: str) -> Route:
    template, parameters = normalize(regex)[0]
    takes_anything = not entry.pattern.regex.pattern.strip("^$")
    template = f"/{template}{NOWHERE if takes_anything else ''}"
    return Route(template, tuple(parameters), entry.callback, namespace + (entry.name or ""))
