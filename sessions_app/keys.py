"""Which key something is encrypted with: a key of its clinic, whose id stands in a file's name and in a note's row.

A clinic's keys are rows, each encrypted by a master key that the database never sees.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable

import tink
from django.db import transaction

from inference.errors import FileDamaged
from sessions_app import encryption, master_keys
from sessions_app.errors import KeyMissing
from sessions_app.master_keys import MasterKey
from sessions_app.models import ClinicKey

REMEMBERED_SECONDS = 300.0
"""So that a page that plays a recording asks the service once, and a key that is taken away there works no longer."""

MOST_REMEMBERED = 1000
_remembered: dict[tuple[uuid.UUID, uuid.UUID, bytes], tuple[encryption.DataKey, float]] = {}


def new_name(folder: str, clinic_id: uuid.UUID) -> str:
    """A random name in ``folder`` for a file to be encrypted with the clinic's newest key, which is made if need be.

    Raises ``KeyMissing``.
    """
    return f"{folder}/{newest(clinic_id).id}.{uuid.uuid4()}"


def newest(clinic_id: uuid.UUID) -> ClinicKey:
    """The clinic's newest key, which is made if need be. Raises ``KeyMissing``."""
    return ClinicKey.objects.filter(clinic=clinic_id).first() or clinic_key_add(clinic_id=clinic_id)


def is_newest(name: str, clinic_id: uuid.UUID) -> bool:
    """Whether the file ``name`` is encrypted with the newest key of its clinic."""
    row = ClinicKey.objects.filter(clinic=clinic_id).first()
    return row is not None and _key_id(name) == str(row.id)


def key_of(name: str) -> encryption.DataKey:
    """The key to the file ``name``. Raises ``FileDamaged`` where there never was one, and ``KeyMissing``."""
    try:
        row = ClinicKey.objects.get(id=uuid.UUID(_key_id(name)))
    except (ValueError, ClinicKey.DoesNotExist) as error:
        raise FileDamaged from error
    return unwrapped(row)


def unwrapped(row: ClinicKey) -> encryption.DataKey:
    """The key of this row. Raises ``FileDamaged`` and ``KeyMissing``.

    One that a service has to be asked for is remembered for `REMEMBERED_SECONDS`, in this process alone.
    """
    master = master_keys.named(row.master)
    if not master.is_remote:
        return _unwrap(row, master)
    known = (row.id, row.clinic_id, bytes(row.wrapped))
    key, until = _remembered.get(known, (None, 0.0))
    if key is None or until < time.monotonic():
        key = _unwrap(row, master)
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[known] = key, time.monotonic() + REMEMBERED_SECONDS
    return key


def _unwrap(row: ClinicKey, master: MasterKey) -> encryption.DataKey:
    try:
        return encryption.unwrap(bytes(row.wrapped), master.aead, _owner(row))
    except tink.TinkError as error:
        raise FileDamaged from error


def clinic_key_add(*, clinic_id: uuid.UUID) -> ClinicKey:
    """A new key for what the clinic stores from now on. What it has stored stays readable with the keys before."""
    row = ClinicKey(clinic_id=clinic_id)
    _wrap(row, encryption.new_data_key())
    row.save(force_insert=True)
    return row


@transaction.atomic
def clinic_key_rewrap(*, key: uuid.UUID) -> bool:
    """Encrypt the key's row with today's master key. False where it is already. Raises ``KeyMissing``."""
    row = ClinicKey.objects.select_for_update().get(id=key)
    if row.master == master_keys.current().fingerprint:
        return False
    _wrap(row, unwrapped(row))
    row.save(update_fields=["wrapped", "master"])
    return True


def unreadable(rows: Iterable[ClinicKey]) -> list[uuid.UUID]:
    """Ids of those that no master key known here opens."""
    return [row.id for row in rows if not _opens(row)]


def _key_id(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0]


def _opens(row: ClinicKey) -> bool:
    try:
        unwrapped(row)
    except (FileDamaged, KeyMissing):
        return False
    return True


def _wrap(row: ClinicKey, key: encryption.DataKey) -> None:
    master = master_keys.current()
    row.wrapped, row.master = encryption.wrap(key, master.aead, _owner(row)), master.fingerprint


def _owner(row: ClinicKey) -> bytes:
    """So that a row that was exchanged with another's, of this clinic or another, opens nothing."""
    return f"{row.clinic_id} {row.id}".encode()
