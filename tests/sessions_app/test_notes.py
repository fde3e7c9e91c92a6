"""What is written in a note: who may write and read it, and that it stays what was signed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models.functions import Now
from django.http import Http404
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AccessLogEntry, EmergencyAccess, Role, User
from inference.errors import FileDamaged
from sessions_app import emergency, encryption, keys, notes, services
from sessions_app.models import ClinicKey, Note, NoteKind, Patient
from tests.world import SessionFactory, UserFactory, World

pytestmark = pytest.mark.django_db

TEXT = "He laughed for the first time since March."
PROGRESS, PSYCHOTHERAPY = NoteKind.PROGRESS, NoteKind.PSYCHOTHERAPY
REASON = "Robin called in crisis, and Alice cannot be reached."


def written(world: World, kind: NoteKind = PROGRESS, text: str = TEXT, **more: Any) -> Note:
    """A note by Alice about her patient, as it is in the database."""
    kept = notes.note_write(user=world.alice, patient=world.alices_patient, kind=kind, text=text, **more)
    return Note.objects.get(id=kept.id)


def readable(user: User) -> set[Note]:
    return set(Note.objects.visible_to(user))


@pytest.fixture
def colleague(world: World) -> User:
    """A second counselor of the care team."""
    found = UserFactory(clinic=world.clinic, display_name="Carol")
    world.alices_patient.care_team.add(found)
    return found


def in_emergency(world: World) -> None:
    emergency.emergency_begin(user=world.bob, number=world.alices_patient.reference, reason=REASON)


def test_a_note_is_read_as_it_was_written(world: World) -> None:
    assert notes.text_of(written(world)) == TEXT


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5000))
def test_whatever_was_written_is_read_again_but_for_space_around_it(world: World, text: str) -> None:
    wanted = text.replace("\r\n", "\n").strip()
    if wanted:
        assert notes.text_of(written(world, text=text)) == wanted
    else:
        with pytest.raises(ValidationError):
            written(world, text=text)


def test_nothing_of_the_text_stands_in_its_row(world: World) -> None:
    row = Note.objects.filter(id=written(world).id).values().get()
    assert b"laughed" not in bytes(row["sealed"])
    assert "laughed" not in str(row)


def test_the_same_text_is_never_encrypted_to_the_same_bytes(world: World) -> None:
    def sealed() -> bytes:
        return encryption.sealed(keys.unwrapped(keys.newest(world.clinic.id)), TEXT.encode(), "note")

    assert sealed() != sealed()


# --- Who reads


def test_progress_notes_are_for_the_counselors_of_the_care_team(world: World, colleague: User) -> None:
    note = written(world)
    assert readable(world.alice) == readable(colleague) == {note}
    for who in ("bob", "sam", "ada", "robot", "mallory"):
        assert readable(getattr(world, who)) == set(), who


def test_psychotherapy_notes_are_for_their_author_alone(world: World, colleague: User) -> None:
    note = written(world, PSYCHOTHERAPY)
    assert readable(world.alice) == {note}
    for user in (colleague, world.bob, world.sam, world.ada, world.robot, world.mallory):
        assert readable(user) == set(), user.display_name


def test_in_an_emergency_progress_notes_can_be_read_and_psychotherapy_notes_not(world: World) -> None:
    progress, _ = written(world), written(world, PSYCHOTHERAPY)
    in_emergency(world)
    assert readable(world.bob) == {progress}
    EmergencyAccess.objects.update(ends_at=Now() - timedelta(seconds=1))
    assert readable(world.bob) == set()


def test_an_author_who_left_the_care_team_reads_neither_not_even_their_own_in_an_emergency(world: World) -> None:
    progress, _ = written(world), written(world, PSYCHOTHERAPY)
    world.alices_patient.care_team.set([world.bob])
    assert readable(world.alice) == set()
    emergency.emergency_begin(user=world.alice, number=world.alices_patient.reference, reason=REASON)
    assert readable(world.alice) == {progress}


@pytest.mark.parametrize("role", [Role.STAFF, Role.ADMIN, Role.INTEGRATION])
def test_an_author_who_has_another_role_now_reads_nothing(world: World, role: Role) -> None:
    written(world)
    written(world, PSYCHOTHERAPY)
    world.alice.role = role
    assert readable(world.alice) == set()


def test_a_withdrawn_consent_hides_no_note(world: World) -> None:
    found = {written(world), written(world, PSYCHOTHERAPY)}
    services.consent_withdraw(user=world.alice, patient=world.alices_patient)
    assert readable(world.alice) == found
    assert written(world, text="The patient withdrew consent today.")


# --- Who writes


@pytest.mark.parametrize("who", ["bob", "sam", "ada", "robot", "mallory"])
def test_only_the_care_team_writes_and_a_try_is_recorded(world: World, who: str) -> None:
    with pytest.raises(PermissionDenied):
        notes.note_write(user=getattr(world, who), patient=world.alices_patient, kind=PROGRESS, text=TEXT)
    assert not Note.objects.exists()
    assert AccessLogEntry.objects.get().allowed is False


def test_in_an_emergency_nothing_is_written(world: World) -> None:
    note = written(world)
    in_emergency(world)
    with pytest.raises(PermissionDenied):
        notes.note_write(user=world.bob, patient=world.alices_patient, kind=PROGRESS, text=TEXT)
    with pytest.raises(PermissionDenied):
        notes.note_add(user=world.bob, note=note, text=TEXT)
    assert Note.objects.count() == 1


def test_writing_leaves_a_row_in_the_access_log_that_tells_the_kinds_apart(world: World) -> None:
    found = [written(world), written(world, PSYCHOTHERAPY)]
    rows = AccessLogEntry.objects.order_by("id").values_list(
        "actor_id", "action", "object_kind", "object_id", "patient_id"
    )
    assert list(rows) == [
        (world.alice.id, "create", kind, note.id, world.alices_patient.id)
        for kind, note in zip(("note", "psychotherapy_note"), found, strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", notes.EMPTY), (" \n\t ", notes.EMPTY), ("x" * 50_001, notes.TOO_LONG), ("x" * 1_000_000, notes.TOO_LONG)],
)
def test_nothing_and_too_much_is_refused_with_a_sentence(world: World, text: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        written(world, text=text)
    assert refused.value.message_dict == {"text": [sentence]}
    assert not Note.objects.exists()


def test_a_note_of_the_greatest_length_is_kept_whole(world: World) -> None:
    text = "ö" * notes.MAX_CHARACTERS
    assert notes.text_of(written(world, text=text)) == text


def test_a_note_can_be_about_a_session_of_this_patient_and_of_no_other(world: World) -> None:
    session = SessionFactory(patient=world.alices_patient)
    assert written(world, session=session).session == session
    with pytest.raises(ValidationError):
        written(world, session=SessionFactory(patient=world.bobs_patient))


def test_of_a_patient_who_was_erased_meanwhile_nothing_is_written(world: World) -> None:
    patient = world.alices_patient
    gone = Patient.objects.get(id=patient.id)
    gone.delete()
    with pytest.raises((Http404, PermissionDenied)):
        notes.note_write(user=world.alice, patient=patient, kind=PROGRESS, text=TEXT)


# --- Addenda


def test_an_addendum_leaves_the_note_as_it_was(world: World, colleague: User) -> None:
    session = SessionFactory(patient=world.alices_patient)
    note = written(world, session=session)
    before = Note.objects.filter(id=note.id).values().get()
    addendum = notes.note_add(user=colleague, note=note, text="It was in April.")
    assert Note.objects.filter(id=note.id).values().get() == before
    assert (addendum.addendum_to, addendum.author, addendum.kind, addendum.session) == (
        note,
        colleague,
        PROGRESS,
        session,
    )
    assert notes.text_of(Note.objects.get(id=addendum.id)) == "It was in April."
    assert addendum.written_at > note.written_at


def test_to_a_psychotherapy_note_its_author_alone_adds(world: World, colleague: User) -> None:
    note = written(world, PSYCHOTHERAPY)
    with pytest.raises(Http404):
        notes.note_add(user=colleague, note=note, text=TEXT)
    addendum = notes.note_add(user=world.alice, note=note, text=TEXT)
    assert addendum.kind == PSYCHOTHERAPY
    assert readable(colleague) == set()


def test_to_an_addendum_nothing_is_added(world: World) -> None:
    addendum = notes.note_add(user=world.alice, note=written(world), text=TEXT)
    with pytest.raises(Http404):
        notes.note_add(user=world.alice, note=addendum, text=TEXT)


# --- A note stays what was signed


@pytest.mark.parametrize(
    "column", ["kind", "author", "patient", "session", "written_at", "addendum_to", "key", "sealed"]
)
def test_a_row_that_was_changed_past_the_application_opens_no_more(world: World, colleague: User, column: str) -> None:
    note, other = written(world, PSYCHOTHERAPY), written(world, PSYCHOTHERAPY, text="Another.")
    session = SessionFactory(patient=world.alices_patient)
    changed = {
        "kind": PROGRESS,
        "author": colleague,
        "patient": world.bobs_patient,
        "session": session,
        "written_at": note.written_at + timedelta(microseconds=1),
        "addendum_to": other,
        "sealed": other.sealed,
    }
    if column == "key":
        # The clinic's keys are each bound to their own row, so that a copy of one opens nothing either.
        copy = ClinicKey.objects.get(id=note.key_id)
        changed["key"] = ClinicKey.objects.create(clinic=copy.clinic, wrapped=copy.wrapped, master=copy.master)
    Note.objects.filter(id=note.id).update(**{column: changed[column]})
    with pytest.raises(FileDamaged):
        notes.text_of(Note.objects.get(id=note.id))
    assert notes.text_of(other) == "Another."


def test_a_note_of_another_clinic_cannot_be_put_in_its_place(world: World) -> None:
    theirs = notes.note_write(user=world.mallory, patient=world.mallorys_patient, kind=PROGRESS, text="Elsewhere.")
    mine = written(world)
    Note.objects.filter(id=mine.id).update(sealed=theirs.sealed, key=theirs.key)
    with pytest.raises(FileDamaged):
        notes.text_of(Note.objects.get(id=mine.id))


def test_what_is_sent_twice_at_once_is_one_note(world: World) -> None:
    first = written(world)
    assert written(world) == first
    assert AccessLogEntry.objects.filter(action="create", object_kind="note").count() == 1
    others = [written(world, text="Something else."), written(world, kind=PSYCHOTHERAPY)]
    addenda = [notes.note_add(user=world.alice, note=first, text=TEXT) for _ in range(2)]
    assert len({first, *others, *addenda}) == 4


def test_the_same_words_a_minute_later_are_a_note_of_their_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, now = written(world), timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(minutes=1))
    assert written(world) != first


def test_the_time_is_the_moment_of_signing(world: World) -> None:
    before = timezone.now()
    assert before <= written(world).written_at <= timezone.now()
