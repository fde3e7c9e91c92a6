"""What a password may be: any text that is long enough, taken exactly as it was typed."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.invitations import invitation_add
from accounts.models import Role
from tests.pages import signed_in
from tests.world import PASSWORD, World


def is_taken(world: World, password: str) -> bool:
    client = signed_in(world.alice)
    client.post("/account/password/", {"oldpassword": PASSWORD, "password1": password, "password2": password})
    return Client().login(username=world.alice.email, password=password)


@pytest.mark.parametrize(
    "password",
    [
        "qxzvkwjqxzvk",
        "QXZVKWJQXZVK",
        "qxz vkw jqx zvk",
        "ключ под ковриком",
        "🌂🌂🌂🌂🌂🌂🌂🌂🌂🌂🌂🌂",
        "seven green umbrellas " * 5 + "and a very long boat trip",
    ],
    ids=["small letters", "capitals", "spaces", "Cyrillic", "pictures", "135 characters"],
)
def test_any_characters_and_64_of_them_and_more_make_one(world: World, password: str) -> None:
    assert is_taken(world, password)


def test_capitals_and_spaces_at_the_ends_count(world: World) -> None:
    assert is_taken(world, " Seven green umbrellas ")
    for other in ("Seven green umbrellas", " seven green umbrellas ", " Seven green umbrellas"):
        assert not Client().login(username=world.alice.email, password=other)


@pytest.mark.parametrize("short", ["seven", "elevenchars"])
def test_fewer_than_12_are_refused(world: World, short: str) -> None:
    assert not is_taken(world, short)


def test_each_field_for_one_hides_it_and_lets_a_password_manager_fill_it(world: World) -> None:
    secret = invitation_add(user=world.ada, email="new@clinic.example", role=Role.STAFF)[1]
    invited = Client()
    pages = [
        Client().get("/sign-in/"),
        signed_in(world.alice).get("/account/password/"),
        signed_in(world.alice).get("/account/confirm/"),
        invited.get("/invitation/", {"code": secret}, follow=True),
    ]
    found = 0
    for page in pages:
        fields = re.findall(r"<input[^>]*password[^>]*>", page.content.decode())
        found += len(fields)
        for field in fields:
            assert 'type="password"' in field
            assert re.search(r'autocomplete="(current|new)-password"', field), field
            assert "onpaste" not in field
    assert found == 1 + 3 + 1 + 2


def test_nobody_is_asked_for_a_hint_or_a_secret_question(world: World) -> None:
    page = signed_in(world.alice).get("/account/password/").content.decode().lower()
    assert "hint" not in page
    assert "question" not in page
