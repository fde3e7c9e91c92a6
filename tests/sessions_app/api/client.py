"""An API client that signs in with a token, as programs do."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import AccessLogEntry, User
from tests.tokens import token_of

API = "/api/v1"


def as_(user: User) -> APIClient:
    """A client of ``user``."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token_of(user)}")
    return client


def sound(name: str = "session.wav", content: bytes = b"RIFF some sound") -> SimpleUploadedFile:
    """An upload."""
    return SimpleUploadedFile(name, content, content_type="audio/wav")


def problem(response: Any) -> tuple[int, str]:
    """Status and code of an answer that must be a problem."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body = response.json()
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:undertone:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    return response.status_code, body["code"]


def last_log() -> tuple[str, str, bool]:
    """Action, kind and verdict of the newest row of the access log."""
    row = AccessLogEntry.objects.first()
    assert row is not None
    return row.action, row.object_kind, row.allowed
