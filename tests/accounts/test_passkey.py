"""Signing in with a passkey: alone only where it has asked for a PIN, a finger or a face."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import AccessLogEntry
from tests.accounts.factors import half_way
from tests.accounts.security_key import TOUCHED, WITH_PIN, SecurityKey, challenge_alone, challenge_on
from tests.world import World

ALONE, STEP = "/sign-in/passkey/", "/sign-in/second-factor/"


def send(client: Client, address: str, signed: dict[str, Any]) -> bool:
    """Whether it opens the door."""
    client.post(address, {"credential": json.dumps(signed)})
    return client.get("/").status_code == 200


def test_a_key_that_has_asked_for_a_pin_signs_in_alone(world: World) -> None:
    key, client = SecurityKey().given_to(world.alice), Client()
    assert send(client, ALONE, key.signed(challenge_alone(client), of=world.alice, flags=WITH_PIN))


def test_a_key_that_was_only_touched_does_not(world: World) -> None:
    key, client = SecurityKey().given_to(world.alice), Client()
    assert not send(client, ALONE, key.signed(challenge_alone(client), of=world.alice, flags=TOUCHED))


def test_after_the_password_a_touch_is_enough(world: World) -> None:
    key = SecurityKey().given_to(world.alice)
    client = half_way(world.alice)
    assert send(client, STEP, key.signed(challenge_on(client, STEP), of=world.alice, flags=TOUCHED))


@pytest.mark.parametrize("flags", [TOUCHED, WITH_PIN])
def test_whoever_knows_a_password_of_their_own_cannot_sign_in_with_a_key_they_found(world: World, flags: Any) -> None:
    SecurityKey().given_to(world.bob)
    found = SecurityKey().given_to(world.alice)
    client = half_way(world.bob)
    # Of the second step, where a touch is enough; it outlives the quarter of an hour in which that may be taken.
    challenge = challenge_on(client, STEP)
    session = client.session
    session["account_login"]["initiated_at"] -= 3600
    session.save()
    assert not send(client, ALONE, found.signed(challenge, of=world.alice, flags=flags))
    row = AccessLogEntry.objects.get(action="second_factor")
    assert (row.allowed, row.actor_id) == (False, None)


def test_a_challenge_works_once(world: World) -> None:
    key, client = SecurityKey().given_to(world.alice), Client()
    signed = key.signed(challenge_alone(client), of=world.alice, flags=WITH_PIN)
    assert send(client, ALONE, signed)
    client.post("/sign-out/")
    assert not send(client, ALONE, signed)
