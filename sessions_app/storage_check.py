"""Do the files in storage and the rows of the database agree, byte for byte, and can every note be opened?"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from inference.errors import FileDamaged
from sessions_app import files, notes, reviews, storage
from sessions_app.annotations import text_of
from sessions_app.errors import KeyMissing
from sessions_app.models import Annotation, DoomedFile, Note, Recording, Review


@dataclass(slots=True)
class StorageReport:
    """What was compared and where it does not agree.

    ``checked``: recordings read; ``missing``, ``damaged`` and ``changed``: recordings whose file is gone, is not
    what was encrypted, or holds other bytes than were uploaded; ``locked``: recordings and notes whose key no master
    key known here opens; ``orphans``: stored files that no row names, left alone for an hour because they may be
    coming in. ``notes``: notes, annotations and notes of reviews opened; ``unreadable``: those whose row is not as
    written.
    """

    checked: int = 0
    missing: list[uuid.UUID] = field(default_factory=list)
    damaged: list[uuid.UUID] = field(default_factory=list)
    changed: list[uuid.UUID] = field(default_factory=list)
    locked: list[uuid.UUID] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    notes: int = 0
    unreadable: list[uuid.UUID] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether everything agrees."""
        return not (self.missing or self.damaged or self.changed or self.locked or self.orphans or self.unreadable)


def compare() -> StorageReport:
    """Decrypts and hashes every recording, opens every note and annotation. Changes nothing. Raises ``OSError``."""
    report = StorageReport()
    for recording in Recording.objects.exclude(file="").only("id", "file", "sha256").order_by("id").iterator():
        report.checked += 1
        wrong = _wrong_list(recording, report)
        # Its file may have gone, or been encrypted anew, with its row while it was read.
        if wrong is not None and Recording.objects.filter(id=recording.id, file=recording.file).exists():
            wrong.append(recording.id)
    for folder in (storage.RECORDINGS, storage.VOICES):
        report.orphans += sorted(f"{folder}/{file.name}" for file in storage.unnamed(folder, _known))
    _open_notes(report)
    return report


def _wrong_list(recording: Recording, report: StorageReport) -> list[uuid.UUID] | None:
    """The list of ``report`` that the recording belongs on, or ``None`` where its file is what was uploaded."""
    try:
        return None if storage.digest(recording.file) == recording.sha256 else report.changed
    except KeyMissing:
        return report.locked
    except FileDamaged:
        return report.damaged
    except FileNotFoundError:
        return report.missing


def _open_notes(report: StorageReport) -> None:
    for note in Note.objects.select_related("key", "patient").order_by("id").iterator():
        _open(report, note.id, partial(notes.text_of, note))
    for annotation in Annotation.objects.select_related("key", "patient").order_by("id").iterator():
        _open(report, annotation.id, partial(text_of, annotation))
    for review in Review.objects.exclude(key=None).select_related("key", "patient").order_by("id").iterator():
        _open(report, review.id, partial(reviews.note_of, review))


def _open(report: StorageReport, row: uuid.UUID, read: Callable[[], str]) -> None:
    report.notes += 1
    try:
        read()
    except KeyMissing:
        report.locked.append(row)
    except FileDamaged:
        report.unreadable.append(row)


def _known() -> set[str]:
    """Every file that some row knows, one that is to be deleted included."""
    return files.named().union(DoomedFile.objects.values_list("name", flat=True))
