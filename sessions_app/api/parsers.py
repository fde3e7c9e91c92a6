"""Reading request bodies without trusting their size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, JSONParser, MultiPartParser

from inference.errors import TooLarge
from sessions_app.storage import MAX_BYTES

MULTIPART_OVERHEAD_BYTES = 1024**2


class SmallJSONParser(JSONParser):
    """JSON of at most ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bytes, which Django asks of forms but nobody of JSON."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The parsed body. Raises ``RequestDataTooBig`` or ``ParseError``."""
        if _content_length(parser_context) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("This JSON is nested too deeply.") from error


class UploadParser(MultiPartParser):
    """A form with one recording; a body that says it is larger than any recording is refused before it is read."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles[Any, Any]:
        """The parsed form. Raises ``TooLarge`` or ``ParseError``."""
        if _content_length(parser_context) > MAX_BYTES + MULTIPART_OVERHEAD_BYTES:
            raise TooLarge
        return super().parse(stream, media_type, parser_context)


def _content_length(parser_context: Mapping[str, Any] | None) -> int:
    try:
        return int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
