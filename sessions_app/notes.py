"""Writing, opening and keeping notes: each text is encrypted, and bound to who signed it, when, about whom."""

from __future__ import annotations

from datetime import UTC, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext, gettext_lazy

from accounts import access_log
from accounts.languages import whole_number
from accounts.models import Purpose, User
from accounts.policy import Action
from sessions_app import encryption, keys
from sessions_app.care import require_own_care
from sessions_app.models import Note, NoteKind, Patient, Session

MAX_CHARACTERS = 50_000
EMPTY = gettext_lazy("Please write something.")


def _too_long() -> str:
    words = gettext("This is longer than %(characters)s characters. Please write it as several notes.")
    return words % {"characters": whole_number(MAX_CHARACTERS)}


TOO_LONG = lazy(_too_long, str)()

SENT_TWICE = timedelta(seconds=20)
"""Within this the same words of the same author about the same are one note: a button that was pressed twice."""

LOGGED_AS = {NoteKind.PROGRESS: "note", NoteKind.PSYCHOTHERAPY: "psychotherapy_note"}
"""What the access log calls a note of each kind."""


def note_write(*, user: User, patient: Patient, kind: NoteKind, text: str, session: Session | None = None) -> Note:
    """Sign a note about ``patient``, for somebody of the care team.

    Raises ``ValidationError``: nothing written, too long, or a session of somebody else.
    """
    require_own_care(user, patient, Action.WRITE_NOTE)
    return _sign(Note(patient=patient, session=session, kind=kind, author=user), text)


def note_add(*, user: User, note: Note, text: str) -> Note:
    """Sign an addendum to ``note``, which has its kind and session. Raises ``ValidationError`` as `note_write`.

    One to a psychotherapy note of somebody else is refused as if there were none.
    """
    original = get_object_or_404(Note.objects.visible_to(user).originals().select_related("patient"), id=note.id)
    require_own_care(user, original.patient, Action.WRITE_NOTE)
    addendum = Note(patient=original.patient, session=original.session, kind=original.kind, author=user)
    addendum.addendum_to = original
    return _sign(addendum, text)


def _sign(note: Note, written: str) -> Note:
    text = written.replace("\r\n", "\n").strip()
    if not text or len(text) > MAX_CHARACTERS:
        raise ValidationError({"text": TOO_LONG if text else EMPTY})
    with transaction.atomic():
        # As an erasure does: of a patient who is gone nothing is written.
        get_object_or_404(Patient.objects.select_for_update(no_key=True), id=note.patient_id)
        if (kept := _kept_just_now(note, text)) is not None:
            return kept
        note.written_at = timezone.now()
        _seal(note, text)
        note.full_clean()
        note.save(force_insert=True)
        log_note(note.author, "create", note)
    return note


def _kept_just_now(note: Note, text: str) -> Note | None:
    """The same note, if it was signed a moment ago; of a note nothing tells it from another but its id and its time."""
    of_it = {name: getattr(note, f"{name}_id") for name in ("patient", "session", "author", "addendum_to")}
    moment = timezone.now() - SENT_TWICE
    found = Note.objects.filter(**of_it, kind=note.kind, written_at__gt=moment).select_related("key", "patient")
    return next((one for one in found if text_of(one) == text), None)


def text_of(note: Note) -> str:
    """What was written. Raises ``FileDamaged`` where the row is not as it was signed, and ``KeyMissing``.

    Quick where ``key`` and ``patient`` were fetched with the note.
    """
    return encryption.unsealed(keys.unwrapped(note.key), bytes(note.sealed), _as_signed(note)).decode()


def note_reencrypt(note: Note) -> bool:
    """Encrypt the text with the clinic's newest key. False where it is already, or the note is gone.

    Raises ``FileDamaged`` and ``KeyMissing``.
    """
    before = note.key_id
    if keys.newest(note.patient.clinic_id).id == before:
        return False
    _seal(note, text_of(note))
    return bool(Note.objects.filter(id=note.id, key=before).update(key=note.key, sealed=note.sealed))


def log_note(user: User, action: str, note: Note, *, purpose: Purpose | None = None) -> None:
    """Record what ``user`` did with ``note``."""
    kind = LOGGED_AS[NoteKind(note.kind)]
    access_log.record(
        actor=user, action=action, object_kind=kind, object_id=note.id, patient_id=note.patient_id, purpose=purpose
    )


def _seal(note: Note, text: str) -> None:
    note.key = keys.newest(note.patient.clinic_id)
    note.sealed = encryption.sealed(keys.unwrapped(note.key), text.encode(), _as_signed(note))


def _as_signed(note: Note) -> str:
    """All that a note says but its text: a row in which any of it was changed, or another's text put, opens nothing."""
    about = (note.patient.clinic_id, note.patient_id, note.session_id, note.addendum_to_id)
    by = (note.kind, note.author_id, note.written_at.astimezone(UTC).isoformat())
    return " ".join(map(str, ("note", note.id, *about, *by)))
