"""Writing the access log: every read, write, export, refusal and sign-in leaves one row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from accounts.client_address import client_address
from accounts.models import AccessLogEntry, Purpose, Role

if TYPE_CHECKING:
    from accounts.models import User

PURPOSES: dict[str, Purpose] = {
    Role.COUNSELOR: Purpose.CARE,
    Role.STAFF: Purpose.CARE,
    Role.ADMIN: Purpose.ADMINISTRATION,
    # What a program of another maker reads has left Undertone.
    Role.INTEGRATION: Purpose.DISCLOSURE,
}
"""What a role's work is for, unless its caller says otherwise."""

ACCOUNT_ACTIONS = {"end_session", "lock_out", "second_factor", "set_idle_minutes", "sign_in", "sign_out", "time_out"}
ACCOUNT_ACTIONS |= {"api_token", "accept", "change_password", "make_link", "switch_off", "switch_on"}
ACCOUNT_ACTIONS |= {f"{verb}_{role}" for verb in ("invite", "set_role") for role in Role}
ACCOUNT_ACTIONS |= {"renew", "add_second_factor", "remove_second_factor", "renew_recovery_codes"}
"""What is written of accounts, invitations and signing in."""


def record(
    *,
    actor: User,
    action: str,
    object_kind: str,
    object_id: UUID | None = None,
    patient_id: UUID | None = None,
    allowed: bool = True,
    purpose: Purpose | None = None,
) -> AccessLogEntry:
    """Add one row: ``actor`` did (or, if not ``allowed``, tried) ``action`` on an object of ``object_kind``."""
    return AccessLogEntry.objects.create(
        clinic_id=actor.clinic_id,
        actor_id=actor.id,
        role=actor.role,
        action=action,
        purpose=purpose or PURPOSES[actor.role],
        object_kind=object_kind,
        object_id=object_id,
        # Who asks for a patient of somebody else is refused before anybody has looked whether there is one.
        patient_id=patient_id or (object_id if object_kind == "patient" else None),
        allowed=allowed,
        **_request(),
    )


def record_each(*, actor: User, action: str, object_kind: str, patient_ids: Iterable[UUID]) -> None:
    """Add a row for each of these patients, who were among others in what ``actor`` was shown."""
    said = {"clinic_id": actor.clinic_id, "actor_id": actor.id, "role": actor.role, "action": action, "allowed": True}
    said |= {"purpose": PURPOSES[actor.role], "object_kind": object_kind, **_request()}
    AccessLogEntry.objects.bulk_create(AccessLogEntry(**said, patient_id=one) for one in sorted(patient_ids))


def record_by_itself(
    *, clinic_id: UUID, action: str, purpose: Purpose, object_kind: str, object_id: UUID, patient_id: UUID
) -> AccessLogEntry:
    """Add one row: Undertone did ``action`` by itself, as its clinic had set."""
    return AccessLogEntry.objects.create(
        clinic_id=clinic_id,
        action=action,
        purpose=purpose,
        object_kind=object_kind,
        object_id=object_id,
        patient_id=patient_id,
        allowed=True,
        **_request(),
    )


def record_failed_sign_in(user: User | None, *, action: str = "sign_in") -> AccessLogEntry:
    """Add one row: somebody unknown tried to be ``user``, or gave an address that nobody has.

    What was typed is not kept: people type passwords where their address belongs.
    """
    return AccessLogEntry.objects.create(
        clinic_id=user.clinic_id if user else None,
        action=action,
        purpose=Purpose.ACCOUNT,
        object_kind="account",
        object_id=user.id if user else None,
        allowed=False,
        **_request(),
    )


def record_renewal(user: User) -> AccessLogEntry:
    """Add one row: whoever runs commands on the server, who is no user, let ``user`` in anew."""
    return AccessLogEntry.objects.create(
        clinic_id=user.clinic_id,
        action="renew",
        purpose=Purpose.ACCOUNT,
        object_kind="account",
        object_id=user.id,
        allowed=True,
        **_request(),
    )


def _request() -> dict[str, str]:
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return {"request_id": request_id, "address": client_address()}
