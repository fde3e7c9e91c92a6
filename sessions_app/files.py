"""Stored files come and go with their rows, and a process that is killed in between leaves none that nobody knows.

No transaction spans a database and a disk, so the intent is written down first: a `DoomedFile` says "delete this file
unless a row has claimed it". It is committed before a file gets its name, and goes in the transaction that writes the
row of the file; it comes in the transaction that deletes that row, and goes once the file is deleted. `tidy` finishes
what a killed process left. It deletes what somebody meant to be deleted, and never a file merely because no row names
it: after a database was restored from an older backup, that would delete recordings.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.core.files.uploadedfile import UploadedFile
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, transaction

from sessions_app import keys, storage
from sessions_app.errors import UploadTooSlow
from sessions_app.models import CounselorVoice, DoomedFile, Recording
from tenancy import every_clinic

log = structlog.get_logger(__name__)

CLAIMING: tuple[type[Recording | CounselorVoice], ...] = (Recording, CounselorVoice)
"""What keeps a file, by naming it in its column ``file``."""


@contextmanager
def taken_in(upload: UploadedFile[bytes], folder: str, clinic_id: uuid.UUID) -> Iterator[storage.StoredFile]:
    """``upload`` stored in ``folder`` for a clinic; deleted at the end unless `claim` was called and committed.

    Not for within a transaction: the doom must outlive whatever happens to it. Raises what `storage.store` raises.
    """
    name = keys.new_name(folder, clinic_id)
    with transaction.atomic(durable=True):
        DoomedFile.objects.create(name=name)
    try:
        yield storage.store(upload, name)
    finally:
        _finish_or_leave(name)


def claim(name: str) -> None:
    """Keep the file. For within the transaction that writes the row which names it. Raises `UploadTooSlow`."""
    if not DoomedFile.objects.filter(name=name).delete()[0]:
        raise UploadTooSlow


def doom(name: str) -> None:
    """Delete the file once the transaction that deletes its row has committed. For within that transaction."""
    DoomedFile.objects.bulk_create([DoomedFile(name=name)], ignore_conflicts=True)
    transaction.on_commit(lambda: _finish_or_leave(name))


def tidy() -> None:
    """Finish what killed processes left, once nobody can be busy with it. Safe in several processes at once."""
    for name in DoomedFile.objects.overdue().values_list("name", flat=True):
        _finish_or_leave(name)
    storage.discard_abandoned()


def _finish_or_leave(name: str) -> None:
    """What cannot be finished now is left for `tidy`, and must not hide why the upload failed."""
    try:
        try:
            _finish(name)
        except (OperationalError, InterfaceError):
            # Once more on a fresh connection: the database may be back already.
            connection.close()
            _finish(name)
    except (OperationalError, InterfaceError, OSError) as error:
        log.warning("file_left_for_tidying", error=type(error).__name__)


@transaction.atomic
def _finish(name: str) -> None:
    """Delete the file and then its doom. Where another process is about to claim or delete it, it is theirs."""
    doomed = DoomedFile.objects.select_for_update(skip_locked=True).filter(name=name).first()
    if doomed is None:
        return
    if not _is_claimed(name):
        storage.remove(name)
    doomed.delete()


def named(*, using: str = DEFAULT_DB_ALIAS) -> set[str]:
    """Every file that a row names, as the database ``using`` has it. A recording without audio names none."""
    return {
        name
        for model in CLAIMING
        for name in model.objects.using(using).exclude(file="").values_list("file", flat=True)
    }


def _is_claimed(name: str) -> bool:
    # Asked of every clinic, whoever asks: a file that seems nobody's is deleted.
    with every_clinic():
        return any(model.objects.filter(file=name).exists() for model in CLAIMING)
