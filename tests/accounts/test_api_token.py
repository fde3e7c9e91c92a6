"""One's own API token."""

from __future__ import annotations

from rest_framework.authtoken.models import Token

from accounts.models import AccessLogEntry
from tests.pages import signed_in, text
from tests.world import World


def test_before_the_first_there_is_none(world: World) -> None:
    assert "You have no token yet." in text(signed_in(world.alice).get("/account/api-token/"))


def test_a_new_token_is_shown_once(world: World) -> None:
    client = signed_in(world.alice)
    page = text(client.post("/account/api-token/", follow=True))
    key = Token.objects.get(user=world.alice).key
    assert key in page
    assert key not in text(client.get("/account/api-token/"))


def test_loading_the_page_of_a_new_token_again_does_not_end_it(world: World) -> None:
    client = signed_in(world.alice)
    answer = client.post("/account/api-token/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/api-token/")
    key = Token.objects.get(user=world.alice).key
    client.get("/account/api-token/")
    assert Token.objects.get(user=world.alice).key == key


def test_making_a_token_is_recorded(world: World) -> None:
    signed_in(world.alice).post("/account/api-token/")
    row = AccessLogEntry.objects.get()
    assert (row.actor_id, row.action, row.object_kind) == (world.alice.id, "make", "api_token")


def test_a_new_token_ends_the_old_one(world: World) -> None:
    client = signed_in(world.alice)
    client.post("/account/api-token/")
    old = Token.objects.get(user=world.alice).key
    client.post("/account/api-token/")
    assert Token.objects.get(user=world.alice).key != old
