"""What must not be guessed is long enough, passwords are hashed slowly, and only what was signed for this is taken."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client, RequestFactory

from accounts import invitations, known_devices
from accounts.api_tokens import api_token_make
from accounts.management.plainly import first_password
from accounts.models import Role, User
from tests.world import World

BITS = 128


def bits(secret: str) -> float:
    """At most so many bits are in ``secret`` by its length and kind of characters."""
    each = 4 if re.fullmatch(r"[0-9a-f]+", secret) else 5.1 if re.fullmatch(r"[0-9a-z]+", secret) else 6
    return len(secret) * each


def new_session() -> str:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store.create()
    return str(store.session_key)


def new_invitation(world: World) -> str:
    return invitations.invitation_add(user=world.ada, email="new@clinic.example", role=Role.STAFF)[1]


MADE: dict[str, Callable[[World], str]] = {
    "session": lambda world: new_session(),
    "invitation": new_invitation,
    # What stands before the last underscore is no secret.
    "API token": lambda world: api_token_make(user=world.alice).rpartition("_")[2],
    "first password": lambda world: first_password(None).text,
}


@pytest.mark.parametrize("what", MADE)
def test_each_is_another_and_holds_128_bits(world: World, what: str) -> None:
    found = {MADE[what](world) for _ in range(50)}
    assert len(found) == 50
    assert min(map(bits, found)) >= BITS


def test_a_password_is_kept_as_a_hash_that_is_slow_and_needs_memory(world: World) -> None:
    world.alice.set_password("seven green umbrellas")
    kind, variant, _, costs, *_ = world.alice.password.split("$")
    cost = dict(part.split("=") for part in costs.split(","))
    assert (kind, variant) == ("argon2", "argon2id")
    # OWASP's least for Argon2id.
    assert int(cost["m"]) >= 19_456
    assert int(cost["t"]) >= 2


def test_a_password_does_not_age(world: World) -> None:
    User.objects.filter(id=world.alice.id).update(date_joined="2001-01-01T00:00:00Z", last_login="2001-01-01T00:00:00Z")
    client = Client()
    client.post("/sign-in/", {"username": world.alice.email, "password": "a-long-test-password"})
    assert client.get("/").status_code == 200


# --- The one thing that is signed: the cookie of a browser that its owner has used before


def cookie(world: World, **how: Any) -> str:
    said = {"device": "d" * 32, "accounts": [known_devices._mark(world.alice.email)]}
    return signing.dumps(said, **({"salt": known_devices.COOKIE} | how))


def is_known(world: World, value: str) -> bool:
    request = RequestFactory().get("/")
    request.COOKIES[known_devices.COOKIE] = value
    return bool(known_devices.known_as(request, world.alice.email))


def test_the_cookie_is_taken_as_it_was_signed(world: World) -> None:
    assert is_known(world, cookie(world))


def test_neither_one_that_was_signed_for_something_else_nor_with_another_key(world: World) -> None:
    assert not is_known(world, cookie(world, salt="something.else"))
    assert not is_known(world, cookie(world, key="another key of fifty characters and some more of them"))


def test_nor_one_whose_signature_is_of_another_kind_or_none(world: World) -> None:
    payload, stamp, _ = cookie(world).split(":")
    weaker = signing.TimestampSigner(salt=known_devices.COOKIE, algorithm="sha1").signature(f"{payload}:{stamp}")
    for signature in (weaker, "", "none", base64.urlsafe_b64encode(b"x" * 32).decode()):
        assert not is_known(world, f"{payload}:{stamp}:{signature}")


def test_nor_one_whose_time_is_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    value = cookie(world)
    later = time.time() + known_devices.LASTS.total_seconds() + 60
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert not is_known(world, value)
