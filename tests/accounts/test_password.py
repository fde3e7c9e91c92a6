"""Changing one's own password."""

from __future__ import annotations

from django.test import Client

from tests.pages import signed_in, text
from tests.world import PASSWORD, World

NEW = "seven green umbrellas"


def change(client: Client, *, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> str:
    sent = {"oldpassword": old, "password1": new, "password2": again}
    return text(client.post("/account/password/", sent, follow=True))


def test_the_new_password_opens_the_door_and_the_old_one_no_longer(world: World) -> None:
    client = signed_in(world.alice)
    assert "Your password was changed." in change(client)
    assert not Client().login(username=world.alice.email, password=PASSWORD)
    assert Client().login(username=world.alice.email, password=NEW)


def test_another_session_of_the_same_person_ends(world: World) -> None:
    elsewhere = signed_in(world.alice)
    change(signed_in(world.alice))
    assert elsewhere.get("/").status_code == 302


def test_a_wrong_old_password_changes_nothing(world: World) -> None:
    change(signed_in(world.alice), old="wrong")
    assert Client().login(username=world.alice.email, password=PASSWORD)


def test_a_weak_password_is_refused_with_a_sentence(world: World) -> None:
    assert "too short" in change(signed_in(world.alice), new="short", again="short")


def test_who_has_not_signed_in_is_sent_to_the_sign_in_page(db: None) -> None:
    assert Client().get("/account/password/").status_code == 302
