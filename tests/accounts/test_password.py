"""Changing one's own password."""

from __future__ import annotations

from django.test import Client

from accounts.models import AccessLogEntry
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


def test_honest_mistakes_about_the_new_one_bar_nobody(world: World) -> None:
    client = signed_in(world.alice)
    for _ in range(4):
        assert "too short" in change(client, new="short", again="short")
        assert "same password" in change(client, again="eight green umbrellas")
    assert "Your password was changed." in change(client)


def test_after_five_wrong_guesses_of_the_present_one_the_right_one_is_not_looked_at(world: World) -> None:
    client = signed_in(world.alice)
    for number in range(5):
        assert "This is not your present password." in change(client, old=f"wrong {number}")
    assert "There were too many attempts." in change(client)
    assert Client().login(username=world.alice.email, password=PASSWORD)
    assert AccessLogEntry.objects.filter(action="lock_out", object_id=world.alice.id, allowed=False).exists()


def test_guesses_count_whatever_is_wrong_with_the_new_one_and_in_every_browser_together(world: World) -> None:
    for number in range(5):
        change(signed_in(world.alice), old=f"wrong {number}", new="short", again="shorter")
    assert "There were too many attempts." in change(signed_in(world.alice))
    assert "Your password was changed." in change(signed_in(world.bob))


def test_of_a_short_one_nothing_is_said_but_that_it_is_short(world: World) -> None:
    page = change(signed_in(world.alice), new="short", again="short")
    assert "too short" in page
    assert "words that are expected here" not in page
