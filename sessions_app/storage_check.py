"""Do the files in storage and the rows of the database agree, byte for byte, and can every note be opened?"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from inference.errors import FileDamaged
from sessions_app import files, notes, storage
from sessions_app.models import DoomedFile, Note, Recording


@dataclass(slots=True)
class StorageReport:
    """What was compared and where it does not agree.

    ``checked``: recordings read; ``missing``, ``damaged`` and ``changed``: recordings whose file is gone, is not
    what was encrypted, or holds other bytes than were uploaded; ``orphans``: stored files that no row names, left alone
    for an hour because they may be coming in. ``notes``: notes opened; ``unreadable``: those whose row is not as it was
    signed.
    """

    checked: int = 0
    missing: list[uuid.UUID] = field(default_factory=list)
    damaged: list[uuid.UUID] = field(default_factory=list)
    changed: list[uuid.UUID] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    notes: int = 0
    unreadable: list[uuid.UUID] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether everything agrees."""
        return not (self.missing or self.damaged or self.changed or self.orphans or self.unreadable)


def compare() -> StorageReport:
    """Decrypts every recording and hashes it again, and opens every note. Changes nothing. Raises ``OSError``, also ``KeyMissing``."""
    report = StorageReport()
    for recording in Recording.objects.exclude(file="").only("id", "file", "sha256").order_by("id").iterator():
        report.checked += 1
        try:
            if storage.digest(recording.file) != recording.sha256:
                report.changed.append(recording.id)
        except FileDamaged:
            report.damaged.append(recording.id)
        except FileNotFoundError:
            if Recording.objects.filter(id=recording.id, file=recording.file).exists():
                report.missing.append(recording.id)
    for folder in (storage.RECORDINGS, storage.VOICES):
        report.orphans += sorted(f"{folder}/{file.name}" for file in storage.unnamed(folder, _known))
    _open_notes(report)
    return report


def _open_notes(report: StorageReport) -> None:
    for note in Note.objects.select_related("key", "patient").order_by("id").iterator():
        report.notes += 1
        try:
            notes.text_of(note)
        except FileDamaged:
            report.unreadable.append(note.id)


def _known() -> set[str]:
    """Every file that some row knows, one that is to be deleted included."""
    return files.named().union(DoomedFile.objects.values_list("name", flat=True))
