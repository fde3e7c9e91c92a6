"""How the API describes itself: every operation also answers with problem details."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from sessions_app.api.negotiation import PROBLEM

EXAMPLE = {
    "type": "urn:undertone:problem:invalid",
    "title": "Bad Request",
    "status": 400,
    "code": "invalid",
    "detail": "Some of what was sent cannot be used; 'errors' names each field.",
    "errors": {"held_at": [{"message": "This field is required.", "code": "required"}]},
}


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457). `code` is stable; `errors` names faulty fields, each with `code` and `message`."""

    type = serializers.CharField(help_text="`urn:undertone:problem:` followed by the code.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField(help_text="A plain sentence for people.")
    errors = serializers.DictField(required=False)  # type: ignore[assignment]


class ProblemSchema(AutoSchema):
    """Adds the problem answer to each operation."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if direction == "response":
            problem: dict[str, Any] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                ProblemSerializer, "default", media_types=[PROBLEM]
            )
            problem["description"] = "Any error, as problem details (RFC 9457)."
            problem["content"][PROBLEM]["example"] = EXAMPLE
            bodies["default"] = problem
        return bodies
