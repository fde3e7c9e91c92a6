"""Confirming that it is still oneself: before a device is signed out, and with a new key of the session."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.idle import BEGAN
from tests.accounts.factors import shown, with_app
from tests.pages import signed_in, text
from tests.world import PASSWORD, World

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36"


def a_while_ago(client: Client) -> Client:
    """Signed in so long ago that somebody else may sit there now."""
    session = client.session
    session[BEGAN] -= 301
    session.save()
    return client


def by_the_form(world: World) -> Client:
    client = Client(HTTP_USER_AGENT=AGENT)
    client.post("/sign-in/", {"username": world.alice.email, "password": PASSWORD})
    client.get("/")
    return client


def ends(client: Client) -> str:
    (address,) = [one for one in client.get("/account/devices/").content.decode().split('"') if one.endswith("/end/")]
    return address


def test_who_signed_in_a_while_ago_confirms_before_another_device_is_signed_out(world: World) -> None:
    here, there = a_while_ago(by_the_form(world)), by_the_form(world)
    address = ends(here)
    asked = here.post(address)
    assert asked.headers["Location"].startswith("/account/confirm/")
    assert there.get("/").status_code == 200
    here.post(asked.headers["Location"], {"password": "wrong", "next": address})
    assert there.get("/").status_code == 200
    here.post(asked.headers["Location"], {"password": PASSWORD, "next": address})
    assert there.get("/").status_code == 302
    assert here.get("/").status_code == 200


@pytest.mark.parametrize(
    ("address", "said"),
    [("/account/confirm/", lambda: {"password": PASSWORD}), ("/account/confirm/code/", lambda: {"code": shown()})],
)
def test_confirming_gives_the_session_a_new_key_and_ends_the_old_one(world: World, address: str, said: Any) -> None:
    client = a_while_ago(signed_in(with_app(world.alice)))
    before = client.session.session_key
    client.post(address, {"password": "wrong", "code": "wrong"})
    assert client.session.session_key == before
    client.post(address, said())
    after = client.session.session_key
    assert after != before
    assert not Session.objects.filter(session_key=before).exists()
    assert client.get("/").status_code == 200


def test_the_browser_is_still_listed_as_one_device(world: World) -> None:
    client = a_while_ago(by_the_form(world))
    client.post("/account/confirm/", {"password": PASSWORD})
    assert UserSession.objects.get(user=world.alice).session_key == client.session.session_key
    assert "Chrome on Linux this browser" in text(client.get("/account/devices/"))
