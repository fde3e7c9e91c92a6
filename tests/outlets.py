"""Every address that the URL resolver knows, filled with the ids of a world, and what somebody is sent from there."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from pypdf import PdfReader

PARAMETER = re.compile(r"<(?:uuid|int):(\w+)>")
NOWHERE = "nowhere"


@dataclass(frozen=True)
class Outlet:
    """One route. ``route``: as it is declared, "patients/<uuid:patient_id>/"."""

    route: str

    def address(self, ids: Mapping[str, UUID | int]) -> str:
        """The route with an id for each parameter. Raises ``KeyError`` for one that the world has none for."""
        filled = PARAMETER.sub(lambda found: str(ids[found[1]]), self.route)
        assert "<" not in filled, f"No value is known for a parameter of {self.route}."
        return f"/{filled}"

    @property
    def is_export(self) -> bool:
        """Whether what it gives is asked for by a form."""
        return self.route.rstrip("/").endswith("export")


def outlets() -> list[Outlet]:
    """Every route there is."""
    return [Outlet(route) for route in _routes(get_resolver().url_patterns, "")]


def _routes(patterns: list[Any], before: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, before + str(pattern.pattern))
        else:
            assert isinstance(pattern, URLPattern)
            # What is no route is the API's answer to whatever is left.
            own = str(pattern.pattern) if isinstance(pattern.pattern, RoutePattern) else NOWHERE
            yield before + own


def sent(response: HttpResponseBase) -> str:
    """All that an answer says: headers and body, and each file of an archive."""
    body = body_of(response)
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(name.encode() + b"\n" + archive.read(name) for name in archive.namelist())
    if body.startswith(b"%PDF"):
        body = pdf_text(body).encode()
    return headers + "\n" + body.decode(errors="replace")


def pdf_text(file: bytes) -> str:
    """All that a PDF says: its pages, what is said in place of its pictures, and its metadata."""
    reader = PdfReader(io.BytesIO(file))
    pages = [page.extract_text() for page in reader.pages]
    return "\n".join([*pages, *pdf_pictures(reader), str(reader.metadata)])


def pdf_pictures(reader: PdfReader) -> list[str]:
    """What is said in place of each picture of a tagged PDF."""
    objects = (reader.get_object(number) for number in range(1, reader.trailer["/Size"]))
    return [str(one["/Alt"]) for one in objects if isinstance(one, dict) and "/Alt" in one]


def body_of(response: HttpResponseBase) -> bytes:
    """All of it, streamed or not."""
    with warnings.catch_warnings():
        # The test client serves without an event loop and reads the whole stream at once.
        warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume asynchronous")
        return b"".join(response)  # type: ignore[arg-type]


def walked(client: Client, ids: dict[str, UUID], **headers: str) -> dict[str, str]:
    """What each route sends to a GET, and an export to a POST too."""
    found = {}
    for outlet in outlets():
        address = outlet.address(ids)
        found[outlet.route] = sent(client.get(address, headers=headers))
        if outlet.is_export:
            found[f"POST {outlet.route}"] = sent(client.post(address, headers=headers))
    return found
