"""Which format an answer has."""

from __future__ import annotations

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

PROBLEM = "application/problem+json"


class Negotiation(DefaultContentNegotiation):
    """Lets a client ask for the type of our errors by name: it is JSON, and whether there is an error shows later."""

    def get_accept_list(self, request: Request) -> list[str]:
        """The types that the client takes."""
        accepted: list[str] = super().get_accept_list(request)
        return [_as_json(media_type) for media_type in accepted]


def _as_json(media_type: str) -> str:
    name, semicolon, options = media_type.partition(";")
    is_problem = name.strip().lower() == PROBLEM
    return f"{JSONRenderer.media_type}{semicolon}{options}" if is_problem else media_type
