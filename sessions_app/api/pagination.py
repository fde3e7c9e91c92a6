"""Pages of a list by cursor: the place in the list is a row, so pages neither repeat nor skip while rows are added."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in a list: its time, then its id among rows of the same time; ``backwards`` reads before it."""

    at: datetime
    id: uuid.UUID
    backwards: bool

    def encode(self) -> str:
        """An opaque token without patient data (lists are ordered by time, never by name)."""
        text = json.dumps([self.at.isoformat(), self.id.hex, self.backwards])
        return base64.urlsafe_b64encode(text.encode()).decode()

    @classmethod
    def decode(cls, token: str) -> Place:
        """The place that `encode` wrote. Raises ``ValidationError`` for anything else."""
        try:
            at, row, backwards = json.loads(base64.urlsafe_b64decode(token))
            return cls(datetime.fromisoformat(at).astimezone(UTC), uuid.UUID(hex=row), backwards is True)
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValidationError({"cursor": "This cursor is not one that Undertone gave."}) from error


class Cursor(CursorPagination):
    """Newest first by the view's ``ordered_by`` (a time), then by id."""

    page_size = PAGE_SIZE
    max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"
    page_size_query_description = f"Rows per page, at most {MAX_PAGE_SIZE}."
    cursor_query_description = "The place to read from, as the `next` or `previous` address of a page holds it."

    page: list[Any]
    base_url: str

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        """The rows of the page that ``request`` asks for; reads one row more to know whether there is another page."""
        self.time_field: str = getattr(view, "ordered_by", "created_at")
        self.base_url = request.build_absolute_uri()
        size = self.get_page_size(request) or PAGE_SIZE
        token = request.query_params.get(self.cursor_query_param)
        self.place = Place.decode(token) if token else None
        rows = list(self._from_place(queryset)[: size + 1])
        self.has_more = len(rows) > size
        self.page = rows[:size]
        if self._backwards:
            self.page.reverse()
        return self.page

    def get_next_link(self) -> str | None:
        """The address of the next page, or ``None`` on the last one."""
        has_next = bool(self.page) if self._backwards else self.has_more
        return self._link(self.page[-1], backwards=False) if has_next else None

    def get_previous_link(self) -> str | None:
        """The address of the page before, or ``None`` on the first one."""
        has_previous = self.has_more if self._backwards else bool(self.place and self.page)
        return self._link(self.page[0], backwards=True) if has_previous else None

    @property
    def _backwards(self) -> bool:
        return self.place is not None and self.place.backwards

    def _from_place(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        sign = "" if self._backwards else "-"
        ordered = queryset.order_by(f"{sign}{self.time_field}", f"{sign}id")
        if self.place is None:
            return ordered
        beyond = "gt" if self._backwards else "lt"
        after = Q(**{f"{self.time_field}__{beyond}": self.place.at})
        tied = Q(**{self.time_field: self.place.at, f"id__{beyond}": self.place.id})
        return ordered.filter(after | tied)

    def _link(self, row: Model, *, backwards: bool) -> str:
        place = Place(getattr(row, self.time_field), row.pk, backwards)
        return replace_query_param(self.base_url, self.cursor_query_param, place.encode())

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        """Where the schema asks how lists are ordered."""
        return (f"-{self.time_field}", "-id")
