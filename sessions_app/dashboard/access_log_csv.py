"""The access log as CSV, a batch of rows at a time, so that a log of any length needs little memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db.models import QuerySet
from django.utils import translation

from accounts.models import AccessLogEntry, User
from sessions_app.dashboard.accesses import Access, accesses, following
from sessions_app.spreadsheets import csv_lines

BATCH = 1000
HEADINGS = (
    "row",
    "time_utc",
    "actor_id",
    "actor",
    "role",
    "action",
    "allowed",
    "purpose",
    "object_kind",
    "object_id",
    "patient",
    "patient_id",
    "address",
    "request_id",
)


async def csv_parts(user: User, found: QuerySet[AccessLogEntry]) -> AsyncIterator[bytes]:
    """The headings, then the rows of ``found``, newest first."""
    yield csv_lines([HEADINGS])
    after: int | None = None
    while True:
        part, after = await sync_to_async(_part)(user, found, after)
        if after is None:
            return
        yield part


def _part(user: User, found: QuerySet[AccessLogEntry], after: int | None) -> tuple[bytes, int | None]:
    entries = following(found, after, BATCH)
    with translation.override(settings.LANGUAGE_CODE):
        lines = csv_lines(map(_cells, accesses(user, entries)))
    return lines, entries[-1].id if entries else None


def _cells(access: Access) -> tuple[object, ...]:
    entry = access.entry
    return (
        entry.id,
        entry.at.astimezone(UTC).isoformat(),
        entry.actor_id,
        access.who,
        entry.role,
        entry.action,
        "yes" if entry.allowed else "no",
        entry.purpose,
        entry.object_kind,
        entry.object_id,
        access.patient,
        entry.patient_id,
        entry.address,
        entry.request_id,
    )
