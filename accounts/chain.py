"""The chain over the access log: each row gets a seal that fixes what it says and what was sealed before it.

Rows are sealed a few seconds after they were written, so that no page waits for the end of the chain. The order is that
of sealing: a row whose transaction took long comes later, and numbers that a rollback left unused are never missed.
See docs/decisions/2026-11-25-access-log.md for what this finds and what it cannot.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection, transaction

from accounts.models import AccessLogEntry, AccessLogSeal, AccessLogUnsealed

GENESIS = "0" * 64
"""What the first seal follows."""

BATCH = 1000
SEALING_LOCK = 0x554E44_5345414C
"""Key of the advisory lock under which rows are sealed. Nobody who writes one asks for it."""


def seal() -> int:
    """Seal what has been committed so far; returns how many rows that were. Only one process does so at a time."""
    total = 0
    while sealed := _seal_some():
        total += sealed
    return total


@transaction.atomic
def _seal_some() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALING_LOCK])
        # Asked once the lock is held: the seals of whoever held it before are then visible, and earlier.
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    entries = list(AccessLogUnsealed.objects.entries()[:BATCH])
    before = AccessLogSeal.objects.last()
    seals: list[AccessLogSeal] = []
    for entry in entries:
        before = _following(before, entry, now)
        seals.append(before)
    AccessLogSeal.objects.bulk_create(seals)
    AccessLogUnsealed.objects.filter(entry_id__in=[entry.id for entry in entries]).delete()
    return len(entries)


def _following(before: AccessLogSeal | None, entry: AccessLogEntry, now: datetime) -> AccessLogSeal:
    position = before.position + 1 if before else 1
    seal = AccessLogSeal(position=position, entry_id=entry.id, sealed_at=now, row_hash=row_hash(entry))
    seal.hash = link_hash(seal, before.hash if before else GENESIS)
    return seal


def row_hash(entry: AccessLogEntry) -> str:
    """SHA-256 of all that a row says, as hexadecimal digits."""
    columns = [field.attname for field in AccessLogEntry._meta.concrete_fields]
    return _digest({column: getattr(entry, column) for column in columns})


def link_hash(seal: AccessLogSeal, previous: str) -> str:
    """SHA-256 of what a seal says and of the hash before it, as hexadecimal digits."""
    return _digest(
        {
            "previous": previous,
            "position": seal.position,
            "entry_id": seal.entry_id,
            "sealed_at": seal.sealed_at,
            "row_hash": seal.row_hash,
        }
    )


def _digest(said: dict[str, object]) -> str:
    """Of the JSON of ``said``: sorted keys, ASCII, no spaces, times in UTC.

    What is NULL is left out, so that a column which is added later changes no hash of rows that were there before.
    """
    there = {key: _plain(value) for key, value in said.items() if value is not None}
    return hashlib.sha256(json.dumps(there, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value
