"""Narrowing a list to something that the user may see. Asking for another's leaves a refusal in the access log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.forms import Field
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField, ModelChoiceField

from accounts import access_log
from accounts.models import User
from sessions_app.models import Patient, Session

NOT_YOURS = "There is no such {kind}, or it is not yours to see."
ROWS: dict[str, Any] = {"patient": Patient.objects, "session": Session.objects}


def refuse_reference(user: User, kind: str, row_id: UUID) -> None:
    """Record that ``user`` named a row of ``kind`` that does not exist or is somebody else's."""
    access_log.record(actor=user, action="refer_to", object_kind=kind, object_id=row_id, allowed=False)


class MomentField(IsoDateTimeField):  # type: ignore[misc]
    """A time; near the ends of what a date can say, one that has no equal in UTC is none."""

    def to_python(self, value: Any) -> datetime | None:
        """The time in UTC. Raises ``ValidationError``."""
        try:
            moment: datetime | None = super().to_python(value)
            return moment and moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class MomentFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]
    """Narrows a list by time."""

    field_class = MomentField


class VisibleChoiceField(ModelChoiceField):  # type: ignore[misc]
    """One of the rows that ``user`` may see."""

    def __init__(self, *args: Any, kind: str, user: User | None, **options: Any) -> None:
        self.kind, self.user = kind, user
        super().__init__(*args, error_messages={"invalid_choice": NOT_YOURS.format(kind=kind)}, **options)

    def to_python(self, value: Any) -> Any:
        """The row. Raises ``ValidationError``, with a row in the log if ``value`` could be the id of one."""
        try:
            return super().to_python(value)
        except ValidationError:
            self._log_refusal(value)
            raise

    def _log_refusal(self, value: str) -> None:
        try:
            row_id = UUID(value)
        except ValueError:
            return
        if self.user is not None:
            refuse_reference(self.user, self.kind, row_id)


class VisibleFilter(filters.ModelChoiceFilter):  # type: ignore[misc]
    """Narrows a list to the rows of one ``kind``: ``"patient"`` or ``"session"``."""

    field_class = VisibleChoiceField

    def __init__(self, *, kind: str, **options: Any) -> None:
        super().__init__(queryset=ROWS[kind].none(), kind=kind, **options)

    def get_queryset(self, request: Any) -> Any:
        """Through the scoped door."""
        return ROWS[self.extra["kind"]].visible_to(request.user) if request is not None else self.queryset

    @property
    def field(self) -> Field:
        """The form's field, which knows who asks."""
        request = self.get_request()
        self.extra["user"] = request.user if request is not None else None
        field: Field = super().field
        return field
