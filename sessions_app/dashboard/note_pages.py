"""Notes as they are shown: with their text, author and addenda, or their heads alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Prefetch

from accounts.models import User
from inference.errors import FileDamaged
from sessions_app.errors import KeyMissing
from sessions_app.models import Note, NoteKind, Patient
from sessions_app.models.notes import NoteQuerySet
from sessions_app.notes import text_of

PAGE_SIZE = 20
HEADS = 5
"""So many stand on the patient's page, without their text."""


@dataclass(frozen=True, slots=True)
class ShownNote:
    """A note with its addenda, oldest first; ``text`` is ``None`` where it cannot be opened."""

    note: Note
    text: str | None
    addenda: tuple[ShownNote, ...] = ()

    @property
    def is_kept_apart(self) -> bool:
        """Whether nobody but its author reads it."""
        return self.note.kind == NoteKind.PSYCHOTHERAPY


def note_heads(user: User, patient: Patient) -> list[Note]:
    """The latest notes of ``patient`` that ``user`` may read, without their text, and one more than is shown."""
    found = _originals(user, patient).select_related("author", "session").defer("sealed")
    return list(found[: HEADS + 1])


def note_page(user: User, patient: Patient, number: str) -> Page[Note]:
    """One page of the notes of ``patient`` that ``user`` may read, newest first; the last where there is no such."""
    return Paginator(_with_all(user, _originals(user, patient)), PAGE_SIZE).get_page(number)


def note_with_addenda(user: User, found: NoteQuerySet) -> Note | None:
    """The one of ``found`` that ``user`` may read."""
    return _with_all(user, found.visible_to(user).originals()).first()


def shown(notes: Iterable[Note]) -> tuple[ShownNote, ...]:
    """``notes`` with their texts."""
    return tuple(ShownNote(note, _text(note), shown(_addenda(note))) for note in notes)


def _originals(user: User, patient: Patient) -> NoteQuerySet:
    return Note.objects.visible_to(user).filter(patient=patient).originals()


def _with_all(user: User, found: NoteQuerySet) -> NoteQuerySet:
    """Each with all that is shown of it, in two queries."""
    addenda = Note.objects.visible_to(user).select_related("author", "key", "patient").order_by("written_at", "id")
    found = found.select_related("author", "key", "patient", "session")
    return found.prefetch_related(Prefetch("addenda", queryset=addenda))


def _addenda(note: Note) -> Iterable[Note]:
    # Of an addendum nobody has asked for any, and there are none.
    return note.addenda.all() if note.addendum_to_id is None else ()


def _text(note: Note) -> str | None:
    try:
        return text_of(note)
    except (FileDamaged, KeyMissing):
        return None
