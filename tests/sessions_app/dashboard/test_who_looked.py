"""Who looked at a patient, as the care team reads it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts import access_log
from accounts.models import AccessLogEntry, User
from sessions_app import notes
from sessions_app.dashboard import accesses
from sessions_app.models import NoteKind
from tests.pages import HTMX, signed_in, text
from tests.tampering import ENTRIES, TAMPERED, tamper
from tests.world import World


def address(world: World) -> str:
    return f"/patients/{world.alices_patient.id}/accesses/"


def looked(world: World, actor: User, *, allowed: bool = True) -> AccessLogEntry:
    patient = world.alices_patient.id
    return access_log.record(
        actor=actor, action="read", object_kind="patient", object_id=patient, patient_id=patient, allowed=allowed
    )


def test_the_care_team_reads_who_looked_how_often_and_when(world: World) -> None:
    for _ in range(3):
        looked(world, world.sam)
    looked(world, world.bob, allowed=False)
    looked(world, world.bob, allowed=False)
    looked(world, world.alice)
    panel = text(signed_in(world.alice).get(address(world), headers=HTMX))
    assert "Sam Staff 3 " in panel
    assert "Bob Counselor 2 refused" in panel
    # Who asks is among them, for looking at the patient, and not for looking here.
    assert "Alice Counselor 1 " in panel


def test_the_page_of_each_access_says_what_was_done(world: World) -> None:
    looked(world, world.sam)
    looked(world, world.bob, allowed=False)
    page = text(signed_in(world.alice).get(address(world)))
    assert "Who looked Robin Alder" in page
    assert "Read patient Care" in page
    assert "Read refused patient Care" in page


def test_it_does_not_say_from_where_a_colleague_looked(world: World) -> None:
    signed_in(world.sam).get(f"/patients/{world.alices_patient.id}/", REMOTE_ADDR="203.0.113.8")
    for headers in ({}, HTMX):
        page = text(signed_in(world.alice).get(address(world), headers=headers))
        assert "Sam" in page
        assert "203.0.113.8" not in page


@pytest.mark.parametrize("who", ["sam", "ada", "robot"])
def test_nobody_outside_care_may_see_it_and_a_try_is_recorded(world: World, who: str) -> None:
    user = getattr(world, who)
    assert signed_in(user).get(address(world)).status_code == 403
    assert AccessLogEntry.objects.filter(actor_id=user.id, action="see_who_looked", allowed=False).count() == 1


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_for_a_counselor_outside_the_care_team_there_is_no_such_page(world: World, who: str) -> None:
    assert signed_in(getattr(world, who)).get(address(world)).status_code == 404


def test_another_clinics_tries_are_its_own(world: World) -> None:
    looked(world, world.mallory, allowed=False)
    for headers in ({}, HTMX):
        page = text(signed_in(world.alice).get(address(world), headers=headers))
        assert "Mallory" not in page
        assert "unknown" not in page


def test_the_patients_page_offers_it_to_the_care_team_only(world: World) -> None:
    patient = f"/patients/{world.alices_patient.id}/"
    assert f'hx-get="{address(world)}"' in signed_in(world.alice).get(patient).content.decode()
    assert address(world) not in signed_in(world.sam).get(patient).content.decode()


def test_looking_there_is_written_down(world: World) -> None:
    signed_in(world.alice).get(address(world))
    row = AccessLogEntry.objects.get()
    assert (row.actor_id, row.object_kind, row.patient_id) == (world.alice.id, "access_log", world.alices_patient.id)


@TAMPERED
def test_what_lies_long_ago_is_on_the_page_and_not_in_the_panel(world: World) -> None:
    row = looked(world, world.sam)
    tamper(f"UPDATE {ENTRIES} SET at = at - interval '{accesses.LATELY + timedelta(days=1)}' WHERE id = {row.id}")
    client = signed_in(world.alice)
    assert "Sam" not in text(client.get(address(world), headers=HTMX))
    assert "Sam" in text(client.get(address(world)))


def test_a_long_list_goes_on_from_a_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accesses, "PAGE_SIZE", 1)
    first = looked(world, world.sam)
    client = signed_in(world.alice)
    assert f'href="?after={first.id + 1}"' in client.get(address(world)).content.decode()
    page = client.get(address(world), {"after": first.id + 1})
    assert "Sam" in text(page)
    assert "Show earlier rows" not in text(page)


@pytest.mark.parametrize("place", ["x", "-1", "9" * 40, ""])
def test_a_place_that_is_none_is_the_beginning(world: World, place: str) -> None:
    assert "Alice" in text(signed_in(world.alice).get(address(world), {"after": place}))


def test_a_colleague_is_not_told_that_a_note_is_kept_apart_and_its_author_is(world: World) -> None:
    world.alices_patient.care_team.add(world.bob)
    kind, about = NoteKind.PSYCHOTHERAPY, world.alices_patient
    notes.note_write(user=world.alice, patient=about, kind=kind, text="For me alone.")
    address = f"/patients/{world.alices_patient.id}/accesses/"
    assert "psychotherapy" not in text(signed_in(world.bob).get(address))
    assert "psychotherapy note" in text(signed_in(world.alice).get(address))
