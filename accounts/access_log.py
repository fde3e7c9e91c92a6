"""Writing the access log: every read, write, export and refusal of patient data leaves one row."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from accounts.models import AccessLogEntry

if TYPE_CHECKING:
    from accounts.models import User


def record(
    *,
    actor: User,
    action: str,
    object_kind: str,
    object_id: UUID | None = None,
    patient_id: UUID | None = None,
    allowed: bool = True,
) -> AccessLogEntry:
    """Add one row: ``actor`` did (or, if not ``allowed``, tried) ``action`` on an object of ``object_kind``."""
    return AccessLogEntry.objects.create(
        clinic_id=actor.clinic_id,
        actor_id=actor.id,
        role=actor.role,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        patient_id=patient_id,
        allowed=allowed,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )
