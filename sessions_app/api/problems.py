"""Every error as RFC 9457 problem details: one shape, a stable ``code``, a plain sentence, nothing from the inside."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from psycopg.errors import DiskFull
from redis import RedisError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import set_rollback

from inference.errors import AnalysisError, FileDamaged, FileGone, InternalError, MachineTrouble, codes
from sessions_app.api.negotiation import PROBLEM
from sessions_app.errors import KeyMissing, NotInEmergency, Refused

log = structlog.get_logger(__name__)

TRY_AGAIN_SECONDS = 10

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The disk is full, or the space or size of file that this user may have is used up."""

REFUSED_STATUS = {
    # The caller may do this; the patient's record is not ready for it, and recording a consent mends that.
    "consent_missing": 409,
    "audio_removed": 409,
    "affect_switched_off": 403,
    "model_not_loaded": 503,
    "analysis_not_ready": 503,
    "upload_too_slow": 503,
}
ANALYSIS_STATUS = {
    "too_large": 413,
    "consent_missing": 409,
    "affect_switched_off": 403,
    "checkpoint_unavailable": 503,
    **dict.fromkeys(codes(MachineTrouble), 503),
    FileDamaged.code: 500,
    FileGone.code: 500,
    InternalError.code: 500,
}
# As in RFC 9110; what the standard library calls them depends on its version.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
SENTENCES = {
    "permission_denied": "Your role does not allow this.",
    "not_in_emergency": "This is for the patient's care team alone: your role allows it, emergency access does not.",
    "not_found": "There is nothing here, or it is not yours to see.",
    "not_authenticated": "Please sign in, or send a token: 'Authorization: Token ...'.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong. ``errors`` are the faults of single fields; ``headers`` go with the answer."""

    status: int
    code: str
    detail: str
    errors: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        body: dict[str, Any] = {
            "type": f"urn:undertone:problem:{self.code}",
            "title": TITLES.get(self.status) or HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors is not None:
            body["errors"] = self.errors
        return body

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers of the answer, with a time to come back where that can help."""
        return ({"Retry-After": str(TRY_AGAIN_SECONDS)} if self.status == 503 else {}) | dict(self.headers)

    def response(self) -> Response:
        """The answer to the client."""
        return Response(self.body(), status=self.status, content_type=PROBLEM, headers=self.all_headers)


STORAGE_FULL = Problem(507, "storage_full", "The server has no room left. Please tell your administrator.")
DATABASE_AWAY = Problem(503, "database_unavailable", "The database does not answer. Please try again soon.")
KEY_AWAY = Problem(
    503,
    "key_unavailable",
    "Recordings and notes cannot be opened or kept: their key cannot be had just now. Please try again soon, and tell "
    "your administrator if it stays so.",
)
REDIS_AWAY = Problem(503, "redis_unavailable", "Attempts cannot be counted just now. Please try again soon.")


class Conflict(exceptions.APIException):
    """What is asked for does not fit the state that the thing is in; ``code`` says why."""

    status_code = 409
    default_code = "conflict"
    default_detail = "This was changed at the same time by somebody else. Please look at it and try again."


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response:
    """REST framework's exception handler: the one place where the API turns exceptions into answers."""
    set_rollback()
    problem = next((describe(error) for kind, describe in _DESCRIPTIONS if isinstance(error, kind)), None)
    if problem is None:
        problem = _unexpected(error)
    return problem.response()


def _of_framework(error: exceptions.APIException) -> Problem:
    if isinstance(error, exceptions.ValidationError):
        return _of_fields(error)
    code = str(getattr(error.detail, "code", error.default_code))
    standard = str(error.detail) == str(error.default_detail)
    detail = SENTENCES.get(code, str(error.detail)) if standard else str(error.detail)
    return Problem(error.status_code, code, detail, headers=_headers(error))


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(max(1, round(wait)))
    return headers


def _of_fields(error: exceptions.ValidationError) -> Problem:
    errors: Any = error.get_full_details()
    if not isinstance(errors, dict):
        errors = {"non_field_errors": errors}
    return Problem(400, "invalid", "Some of what was sent cannot be used; 'errors' names each field.", errors=errors)


def _of_model(error: ValidationError) -> Problem:
    return _of_fields(exceptions.ValidationError(as_serializer_error(error)))


def _of_analysis(error: AnalysisError) -> Problem:
    return Problem(ANALYSIS_STATUS.get(error.code, 422), error.code, error.message)


def _of_rule(error: Refused) -> Problem:
    return Problem(REFUSED_STATUS.get(error.code, 403), error.code, error.message)


def trouble(error: BaseException | None) -> Problem | None:
    """What to say of the machine's own trouble, on pages too: no room left, no database, no key. Else ``None``."""
    if isinstance(error, KeyMissing):
        return KEY_AWAY
    if isinstance(error, OSError):
        return STORAGE_FULL if error.errno in NO_ROOM else None
    if isinstance(error, OperationalError | InterfaceError):
        return STORAGE_FULL if isinstance(error.__cause__, DiskFull) else DATABASE_AWAY
    return REDIS_AWAY if isinstance(error, RedisError) else None


def _of_key(error: KeyMissing) -> Problem:
    # It may be one that is not set here, which no waiting mends.
    _note("key_unavailable", error)
    return KEY_AWAY


def _fixed(status: int, code: str, detail: str) -> Callable[[Any], Problem]:
    return lambda error: Problem(status, code, detail)


_DESCRIPTIONS: tuple[tuple[type[Exception], Callable[[Any], Problem | None]], ...] = (
    (exceptions.APIException, _of_framework),
    (Refused, _of_rule),
    (AnalysisError, _of_analysis),
    (Http404, _fixed(404, "not_found", SENTENCES["not_found"])),
    (NotInEmergency, _fixed(403, "permission_denied", SENTENCES["not_in_emergency"])),
    (PermissionDenied, _fixed(403, "permission_denied", SENTENCES["permission_denied"])),
    (ValidationError, _of_model),
    (RequestDataTooBig, _fixed(413, "too_large", "The body of this request is too large.")),
    (SuspiciousOperation, _fixed(400, "parse_error", "This request cannot be read.")),
    (UnreadablePostError, _fixed(400, "parse_error", "This request ended before all of it had arrived.")),
    (IntegrityError, _fixed(409, Conflict.default_code, Conflict.default_detail)),
    (KeyMissing, _of_key),
    (OperationalError, trouble),
    (InterfaceError, trouble),
    (OSError, trouble),
)


def _unexpected(error: Exception) -> Problem:
    _note("internal_error", error)
    return internal_error()


def _note(event: str, error: Exception) -> None:
    # Where it happened, but neither the message (a database's quotes the row) nor Django's signal, which logs it.
    log.error(event, error=type(error).__name__, where=traceback.format_tb(error.__traceback__))


def internal_error() -> Problem:
    """Our own fault, without a word about the inside."""
    return Problem(500, "internal_error", "Something went wrong inside Undertone. It has been logged.")
