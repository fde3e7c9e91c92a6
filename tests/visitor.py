"""Somebody who uses a running server with cookies and forms, but without a browser."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.world import PASSWORD

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Visitor:
    """``asked``: every address that was asked for, redirects included; ``status`` and ``at``: of the last answer."""

    address: str
    asked: list[str] = field(default_factory=list)
    status: int = 0
    at: str = ""
    _opener: OpenerDirector = field(default_factory=lambda: build_opener(HTTPCookieProcessor(CookieJar())))
    _token: str = ""

    def sign_in(self, email: str) -> None:
        """By the form."""
        self.get("/sign-in/")
        self.post("/sign-in/", username=email, password=PASSWORD)
        assert self.at == "/", self.at

    def get(self, path: str, **headers: str) -> bytes:
        """The body of the answer."""
        return self._send(Request(self.address + path, headers=headers))

    def post(self, path: str, **fields: Any) -> bytes:
        """Send a form; a `SimpleUploadedFile` among its ``fields`` is a file."""
        body = encode_multipart(BOUNDARY, {"csrfmiddlewaretoken": self._token, **fields})
        headers = {"Content-Type": MULTIPART_CONTENT, "X-CSRFToken": self._token, "Referer": self.address + path}
        return self._send(Request(self.address + path, data=body, headers=headers))

    def send_json(self, path: str, body: dict[str, Any], **headers: str) -> bytes:
        """Send ``body`` as a program does."""
        data = json.dumps(body).encode()
        return self._send(
            Request(self.address + path, data=data, headers={"Content-Type": "application/json"} | headers)
        )

    def _send(self, request: Request) -> bytes:
        try:
            answer = self._opener.open(request, timeout=60)
        except HTTPError as error:
            answer = error
        body: bytes = answer.read()
        self.status, self.at = answer.status, answer.url.removeprefix(self.address)
        self.asked += [request.full_url, answer.url]
        if found := TOKEN.search(body.decode(errors="replace")):
            self._token = found[1]
        return body


__all__ = ["SimpleUploadedFile", "Visitor"]
