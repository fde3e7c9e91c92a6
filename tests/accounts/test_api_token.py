"""One's own API token."""

from __future__ import annotations

import time

from rest_framework.authtoken.models import Token

from accounts.idle import BEGAN
from accounts.models import AccessLogEntry
from tests.pages import signed_in, text
from tests.world import PASSWORD, World


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


def test_a_new_password_ends_it(world: World) -> None:
    client = signed_in(world.alice)
    client.post("/account/api-token/")
    new = "seven green umbrellas"
    client.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    world.alice.refresh_from_db()
    assert world.alice.check_password(new)
    assert not Token.objects.filter(user=world.alice).exists()


def test_who_signed_in_a_while_ago_confirms_that_it_is_them_before_one_is_made(world: World) -> None:
    client = signed_in(world.alice)
    client.get("/")
    session = client.session
    session[BEGAN] = time.time() - 3600
    session.save()
    assert client.post("/account/api-token/").headers["Location"].startswith("/account/confirm/")
    assert not Token.objects.exists()
    assert client.get("/account/api-token/").status_code == 200
