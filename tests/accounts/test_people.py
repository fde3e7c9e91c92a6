"""The administrator's pages about the people of the clinic."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import AccessLogEntry, ApiToken, Role
from tests.pages import signed_in, text
from tests.tokens import token_of
from tests.world import World

PEOPLE = "/clinic/people/"


def test_they_are_listed_with_role_and_second_factor_and_nobody_of_elsewhere(world: World) -> None:
    page = text(signed_in(world.ada).get(PEOPLE))
    assert f"Alice Counselor {world.alice.email} none never active" in page
    assert "Mallory" not in page


def test_another_role_holds_at_once_and_signs_them_out(world: World) -> None:
    theirs = signed_in(world.alice)
    page = signed_in(world.ada).post(f"{PEOPLE}{world.alice.id}/role/", {"role": "staff"}, follow=True)
    assert "has another role now" in text(page)
    world.alice.refresh_from_db()
    assert world.alice.role == Role.STAFF
    assert theirs.get("/").status_code == 302
    assert AccessLogEntry.objects.filter(action="set_role_staff", object_id=world.alice.id).exists()


def test_a_session_that_another_role_ended_does_not_come_back_with_the_role(world: World) -> None:
    theirs, admin = signed_in(world.alice), signed_in(world.ada)
    for role in ("staff", "counselor"):
        admin.post(f"{PEOPLE}{world.alice.id}/role/", {"role": role})
    world.alice.refresh_from_db()
    assert world.alice.role == Role.COUNSELOR
    assert theirs.get("/").status_code == 302


def test_a_token_may_do_what_the_new_role_may_and_no_more(world: World) -> None:
    program = Client(HTTP_AUTHORIZATION=f"Token {token_of(world.alice)}")
    assert program.get("/api/v1/analyses").status_code == 200
    signed_in(world.ada).post(f"{PEOPLE}{world.alice.id}/role/", {"role": "staff"})
    assert program.get("/api/v1/patients").status_code == 200
    assert program.get("/api/v1/analyses").status_code == 403


def test_a_role_that_is_none_changes_nothing(world: World) -> None:
    signed_in(world.ada).post(f"{PEOPLE}{world.alice.id}/role/", {"role": "king"})
    world.alice.refresh_from_db()
    assert world.alice.role == Role.COUNSELOR


def test_an_account_that_is_switched_off_loses_sessions_and_token_and_switched_on_gets_none_back(world: World) -> None:
    theirs, admin = signed_in(world.alice), signed_in(world.ada)
    token_of(world.alice)
    admin.post(f"{PEOPLE}{world.alice.id}/switch/")
    assert theirs.get("/").status_code == 302
    assert not ApiToken.objects.filter(user=world.alice).exists()
    assert "Switch on" in text(admin.get(f"{PEOPLE}{world.alice.id}/"))
    admin.post(f"{PEOPLE}{world.alice.id}/switch/")
    assert theirs.get("/").status_code == 302
    world.alice.refresh_from_db()
    assert signed_in(world.alice).get("/").status_code == 200
    rows = AccessLogEntry.objects.filter(object_id=world.alice.id, action__startswith="switch").order_by("id")
    assert [row.action for row in rows] == ["switch_off", "switch_on"]


@pytest.mark.parametrize("what", ["role", "switch", "link"])
def test_nobody_does_it_to_themselves(world: World, what: str) -> None:
    signed_in(world.ada).post(f"{PEOPLE}{world.ada.id}/{what}/", {"role": "staff"})
    world.ada.refresh_from_db()
    assert (world.ada.role, world.ada.is_active) == (Role.ADMIN, True)
    assert not world.ada.invitations.exists()


@pytest.mark.parametrize("what", ["role/", "switch/", "link/", ""])
def test_nobody_reaches_people_of_another_clinic(world: World, what: str) -> None:
    client, address = signed_in(world.ada), f"{PEOPLE}{world.mallory.id}/{what}"
    answer = client.post(address, {"role": "staff"}) if what else client.get(address)
    assert answer.status_code == 404
    world.mallory.refresh_from_db()
    assert (world.mallory.role, world.mallory.is_active) == (Role.COUNSELOR, True)
    assert AccessLogEntry.objects.filter(object_id=world.mallory.id, allowed=False, actor_id=world.ada.id).exists()


@pytest.mark.parametrize("who", ["alice", "sam", "robot"])
@pytest.mark.parametrize("what", ["role/", "switch/", "link/", ""])
def test_others_may_not(world: World, who: str, what: str) -> None:
    client, address = signed_in(getattr(world, who)), f"{PEOPLE}{world.bob.id}/{what}"
    answer = client.post(address, {"role": "admin"}) if what else client.get(address)
    assert answer.status_code == 403
    assert (
        signed_in(getattr(world, who)).post(PEOPLE, {"email": "x@willow.example", "role": "admin"}).status_code == 403
    )
    world.bob.refresh_from_db()
    assert (world.bob.role, world.bob.is_active) == (Role.COUNSELOR, True)
    assert not world.clinic.invitations.exists()
