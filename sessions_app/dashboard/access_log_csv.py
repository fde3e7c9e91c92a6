"""The access log as CSV, a batch of rows at a time, so that a log of any length needs little memory."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC

from asgiref.sync import sync_to_async
from django.db.models import QuerySet

from accounts.models import AccessLogEntry, User
from sessions_app.dashboard.accesses import Access, accesses, following

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
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With these a spreadsheet takes a cell for a formula (OWASP, "CSV Injection")."""


async def csv_parts(user: User, found: QuerySet[AccessLogEntry]) -> AsyncIterator[bytes]:
    """The headings, then the rows of ``found``, newest first."""
    yield _lines([HEADINGS])
    after: int | None = None
    while True:
        part, after = await sync_to_async(_part)(user, found, after)
        if after is None:
            return
        yield part


def _part(user: User, found: QuerySet[AccessLogEntry], after: int | None) -> tuple[bytes, int | None]:
    entries = following(found, after, BATCH)
    return _lines(map(_cells, accesses(user, entries))), entries[-1].id if entries else None


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


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_inert(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _inert(cell: object) -> str:
    """``cell`` as text that no spreadsheet calculates."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text
