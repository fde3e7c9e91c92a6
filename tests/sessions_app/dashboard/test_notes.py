"""The pages of notes: what is shown to whom, what is refused, and what the access log keeps of it."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.http import HttpResponse
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import AccessLogEntry, User
from sessions_app import emergency, notes
from sessions_app.models import Note, NoteKind, Patient
from tests.pages import signed_in, text
from tests.world import SessionFactory, UserFactory, World

pytestmark = pytest.mark.django_db

TEXT = "He laughed for the first time since March."
SECRET = "I wonder whether he is angry with me."
REASON = "Robin called in crisis, and Alice cannot be reached."
PROGRESS, PSYCHOTHERAPY = NoteKind.PROGRESS, NoteKind.PSYCHOTHERAPY


def page_of(patient: Patient) -> str:
    return f"/patients/{patient.id}/notes/"


@pytest.fixture
def colleague(world: World) -> User:
    found = UserFactory(clinic=world.clinic, display_name="Carol")
    world.alices_patient.care_team.add(found)
    return found


@pytest.fixture
def both(world: World) -> tuple[Note, Note]:
    """A progress note and a psychotherapy note of Alice."""
    about = {"user": world.alice, "patient": world.alices_patient}
    session = SessionFactory(patient=world.alices_patient)
    progress = notes.note_write(**about, kind=PROGRESS, text=TEXT, session=session)
    apart = notes.note_write(**about, kind=PSYCHOTHERAPY, text=SECRET)
    return progress, apart


def sent(world: World, who: str = "alice", **fields: str) -> Any:
    given = {"kind": "progress", "session": "", "text": TEXT} | fields
    return signed_in(getattr(world, who)).post(page_of(world.alices_patient), given)


def logged(user: User, action: str = "read") -> list[tuple[str, object, bool]]:
    rows = AccessLogEntry.objects.filter(actor_id=user.id, action=action).order_by("id")
    return list(rows.values_list("object_kind", "object_id", "allowed"))


def body(response: HttpResponse) -> str:
    return html.unescape(response.content.decode())


# --- Writing


def test_what_is_written_is_shown_with_its_author_and_time(world: World) -> None:
    session = SessionFactory(patient=world.alices_patient)
    answer = sent(world, session=str(session.id))
    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(world.alices_patient))
    page = text(signed_in(world.alice).get(page_of(world.alices_patient)))
    note = Note.objects.get()
    assert f"Progress note Alice, {note.written_at:%-d %b %Y}" in page
    assert "about the session of 2 Mar 2026" in page
    assert TEXT in page


def test_the_page_of_a_session_leads_to_a_note_about_it(world: World) -> None:
    session = SessionFactory(patient=world.alices_patient)
    address = f"{page_of(world.alices_patient)}?session={session.id}"
    assert address in signed_in(world.alice).get(f"/sessions/{session.id}/").content.decode()
    assert f'value="{session.id}" selected' in signed_in(world.alice).get(address).content.decode()
    assert "/notes/" not in signed_in(world.sam).get(f"/sessions/{session.id}/").content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": ""}, notes.EMPTY),
        ({"text": " \n "}, notes.EMPTY),
        ({"text": "x" * 1_000_000}, notes.TOO_LONG),
        ({"kind": ""}, "Please choose the kind of note."),
        ({"kind": "secret"}, "Please choose the kind of note."),
        ({"session": "nonsense"}, "Please choose a session of this patient."),
        ({"text": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_kept_is_said_and_what_was_written_is_not_lost(
    world: World, fields: dict[str, str], sentence: str
) -> None:
    answer = sent(world, **fields)
    assert answer.status_code == 422
    assert str(sentence) in body(answer)
    assert fields.get("text", TEXT).strip()[:40].replace("\0", "\ufffd") in body(answer).replace("\0", "\ufffd")
    assert not Note.objects.exists()


def test_a_body_that_is_larger_than_any_note_is_refused_with_a_sentence(world: World) -> None:
    client = signed_in(world.alice)
    client.raise_request_exception = False
    answer = client.post(page_of(world.alices_patient), {"kind": "progress", "text": "x" * 3_000_000})
    assert answer.status_code == 413
    assert "This is too long" in body(answer)
    assert not Note.objects.exists()


def test_a_session_of_somebody_else_cannot_be_named(world: World) -> None:
    answer = sent(world, session=str(SessionFactory(patient=world.bobs_patient).id))
    assert answer.status_code == 422
    assert "Please choose a session of this patient." in body(answer)


def test_no_field_but_those_of_the_form_is_taken(world: World, both: tuple[Note, Note]) -> None:
    more = {"author": str(world.bob.id), "patient": str(world.bobs_patient.id), "written_at": "2001-01-01T00:00:00Z"}
    sent(world, **more, id=str(both[0].id), addendum_to=str(both[0].id))
    note = Note.objects.first()
    assert note is not None
    assert (note.author, note.patient, note.addendum_to) == (world.alice, world.alices_patient, None)
    assert note.written_at.year > 2001
    assert Note.objects.count() == 3


def test_a_form_without_its_token_writes_nothing(world: World, both: tuple[Note, Note]) -> None:
    client = signed_in(world.alice)
    client.handler.enforce_csrf_checks = True
    assert client.post(page_of(world.alices_patient), {"kind": "progress", "text": TEXT}).status_code == 403
    assert client.post(f"/notes/{both[0].id}/", {"text": TEXT}).status_code == 403
    assert Note.objects.count() == 2


def test_where_nothing_can_be_encrypted_the_text_comes_back_with_a_sentence(world: World, settings: Settings) -> None:
    sent(world)
    settings.MASTER_KEY = "A" * 43 + "="
    answer = sent(world, text="A second note.")
    assert answer.status_code == 422
    assert "could not be encrypted just now, so it was not kept" in body(answer)
    assert "A second note." in body(answer)


# --- Reading


def test_text_of_a_note_is_text_and_no_part_of_the_page(world: World) -> None:
    hostile = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}</div>"
    sent(world, text=hostile)
    (note,) = Note.objects.all()
    for address in (page_of(world.alices_patient), f"/notes/{note.id}/"):
        page = signed_in(world.alice).get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert html.escape(hostile) in page


def test_lines_stay_lines(world: World) -> None:
    sent(world, text="First.\r\n\r\n  Second.\r\n")
    page = signed_in(world.alice).get(page_of(world.alices_patient)).content.decode()
    assert '<div class="note-text">First.\n\n  Second.</div>' in page


def test_a_colleague_of_the_care_team_reads_progress_notes_and_learns_of_no_other(
    world: World, both: tuple[Note, Note], colleague: User
) -> None:
    for address in (page_of(world.alices_patient), f"/patients/{world.alices_patient.id}/"):
        page = signed_in(colleague).get(address).content.decode()
        assert str(both[0].id) in page
        assert str(both[1].id) not in page
        assert SECRET not in html.unescape(page)


def test_the_author_reads_both_and_is_told_who_reads_them(world: World, both: tuple[Note, Note]) -> None:
    page = text(signed_in(world.alice).get(page_of(world.alices_patient)))
    assert TEXT in page
    assert SECRET in page
    assert "Nobody but you can read this." in page


def test_a_psychotherapy_note_of_another_author_is_not_found_and_the_try_is_recorded(
    world: World, both: tuple[Note, Note], colleague: User
) -> None:
    address = f"/notes/{both[1].id}/"
    client = signed_in(colleague)
    assert client.get(address).status_code == 404
    assert client.post(address, {"text": "Mine now."}).status_code == 404
    assert logged(colleague) == [("note", both[1].id, False)] * 2
    assert signed_in(world.alice).get(address).status_code == 200


@pytest.mark.parametrize(
    ("who", "status"), [("bob", 404), ("mallory", 404), ("sam", 403), ("ada", 403), ("robot", 403)]
)
def test_nobody_else_reads_or_writes(world: World, both: tuple[Note, Note], who: str, status: int) -> None:
    client = signed_in(getattr(world, who))
    for address in (page_of(world.alices_patient), f"/notes/{both[0].id}/", f"/notes/{both[1].id}/"):
        assert client.get(address).status_code == status
        assert client.post(address, {"kind": "progress", "text": TEXT}).status_code == status
    assert Note.objects.count() == 2
    assert not AccessLogEntry.objects.filter(actor_id=getattr(world, who).id, allowed=True).exists()


def test_staff_see_on_no_page_that_there_are_notes(world: World, both: tuple[Note, Note]) -> None:
    page = signed_in(world.sam).get(f"/patients/{world.alices_patient.id}/").content.decode()
    assert "/notes/" not in page
    assert "rogress note" not in page


def test_in_an_emergency_progress_notes_are_read_marked_and_none_is_written(
    world: World, both: tuple[Note, Note]
) -> None:
    emergency.emergency_begin(user=world.bob, number=world.alices_patient.reference, reason=REASON)
    client = signed_in(world.bob)
    page = client.get(page_of(world.alices_patient))
    assert TEXT in text(page)
    assert SECRET not in body(page)
    assert "Emergency access until" in text(page)
    assert "<textarea" not in body(page)
    assert "<textarea" not in body(client.get(f"/notes/{both[0].id}/"))
    assert client.get(f"/notes/{both[1].id}/").status_code == 404
    assert sent(world, "bob").status_code == 403
    assert client.post(f"/notes/{both[0].id}/", {"text": TEXT}).status_code == 403
    assert Note.objects.count() == 2
    rows = AccessLogEntry.objects.filter(actor_id=world.bob.id, patient_id=world.alices_patient.id)
    assert set(rows.values_list("purpose", flat=True)) == {"emergency"}


def test_each_look_leaves_a_row_that_tells_the_kinds_apart(
    world: World, both: tuple[Note, Note], colleague: User
) -> None:
    signed_in(world.alice).get(page_of(world.alices_patient))
    assert logged(world.alice) == [("note", None, True), ("psychotherapy_note", None, True)]
    signed_in(colleague).get(page_of(world.alices_patient))
    signed_in(colleague).get(f"/notes/{both[0].id}/")
    assert logged(colleague) == [("note", None, True), ("note", both[0].id, True)]
    rows = AccessLogEntry.objects.filter(action="read")
    assert set(rows.values_list("patient_id", flat=True)) == {world.alices_patient.id}


def test_the_heads_on_the_page_of_the_patient_hold_no_text(world: World, both: tuple[Note, Note]) -> None:
    page = body(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/"))
    assert f"/notes/{both[0].id}/" in page
    assert f"/notes/{both[1].id}/" in page
    assert TEXT not in page
    assert SECRET not in page


def test_a_note_that_cannot_be_opened_says_so_and_costs_nobody_the_others(
    world: World, both: tuple[Note, Note]
) -> None:
    Note.objects.filter(id=both[0].id).update(sealed=b"rubbish")
    page = text(signed_in(world.alice).get(page_of(world.alices_patient)))
    assert "This cannot be opened" in page
    assert SECRET in page


def test_no_page_of_notes_is_kept_by_a_browser(world: World, both: tuple[Note, Note]) -> None:
    for address in (page_of(world.alices_patient), f"/notes/{both[0].id}/"):
        assert signed_in(world.alice).get(address).headers["Cache-Control"] == "no-store"


# --- Addenda


def test_an_addendum_is_shown_under_the_note_which_stays(
    world: World, both: tuple[Note, Note], colleague: User
) -> None:
    address = f"/notes/{both[0].id}/"
    answer = signed_in(colleague).post(address, {"text": "It was in April."})
    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    for where in (address, page_of(world.alices_patient)):
        page = text(signed_in(world.alice).get(where))
        assert TEXT in page
        assert page.index(TEXT) < page.index("Addendum Carol,") < page.index("It was in April.")


@pytest.mark.parametrize(("given", "sentence"), [("", notes.EMPTY), ("x" * 60_000, notes.TOO_LONG)])
def test_an_addendum_that_cannot_be_kept_is_said_to_be_so(
    world: World, both: tuple[Note, Note], given: str, sentence: str
) -> None:
    answer = signed_in(world.alice).post(f"/notes/{both[0].id}/", {"text": given})
    assert answer.status_code == 422
    assert str(sentence) in body(answer)
    assert Note.objects.count() == 2


def test_an_addendum_has_no_page_of_its_own(world: World, both: tuple[Note, Note]) -> None:
    addendum = notes.note_add(user=world.alice, note=both[0], text="More.")
    assert signed_in(world.alice).get(f"/notes/{addendum.id}/").status_code == 404


# --- Many


def test_many_notes_are_shown_page_by_page_newest_first(world: World) -> None:
    for number in range(21):
        notes.note_write(user=world.alice, patient=world.alices_patient, kind=PROGRESS, text=f"Number {number:02}.")
    client, address = signed_in(world.alice), page_of(world.alices_patient)
    first, second = text(client.get(address)), text(client.get(address, {"page": "2"}))
    assert first.index("Number 20.") < first.index("Number 01.")
    assert "Number 00." not in first
    assert "Older notes" in first
    assert "Number 00." in second
    assert "Newer notes" in second
    for nonsense in ("0", "-1", "nonsense", "9" * 40):
        assert client.get(address, {"page": nonsense}).status_code == 200


@pytest.mark.parametrize("number", [1, 8])
def test_many_notes_cost_as_many_queries_as_one(
    world: World, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for written in range(number):
        note = notes.note_write(user=world.alice, patient=world.alices_patient, kind=PROGRESS, text=f"Note {written}.")
        notes.note_add(user=world.alice, note=note, text="More.")
    client = signed_in(world.alice)
    with django_assert_num_queries(13):
        client.get(page_of(world.alices_patient))
