"""A password from the command line, which whoever ran the command knows: it opens the page for another, and no more."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts import invitations
from accounts.models import AccessLogEntry, User
from accounts.services import user_add
from tests.accounts.test_second_factor import set_up_app
from tests.pages import HTMX, text
from tests.world import World

FIRST, OWN = "nine yellow submarines", "seven green umbrellas"
PLACE = "/account/password/"


def added(world: World) -> User:
    return user_add(
        clinic=world.clinic, email="cleo@clinic.example", name="Cleo Cole", role="counselor", password=FIRST
    )


def signed_in_first(user: User, password: str = FIRST) -> Client:
    client = Client()
    client.post("/sign-in/", {"username": user.email, "password": password})
    return client


def change(client: Client, new: str, old: str = FIRST) -> None:
    client.post(PLACE, {"oldpassword": old, "password1": new, "password2": new})


def test_it_opens_nothing_but_the_page_for_another(world: World) -> None:
    client = signed_in_first(added(world))
    for address in ("/", "/account/devices/", "/account/api-token/", "/patients/new/"):
        assert client.get(address).headers["Location"] == PLACE, address
    assert "Please choose a password of your own first" in text(client.get("/", follow=True))


def test_neither_does_it_open_a_part_of_a_page_or_the_api_with_a_session(world: World) -> None:
    client = signed_in_first(added(world))
    assert client.get("/", headers=HTMX).headers["HX-Redirect"] == PLACE
    answer = client.get("/api/v1/patients")
    assert (answer.status_code, answer.json()["code"]) == (403, "first_password")


def test_one_of_ones_own_opens_the_rest_and_the_first_is_gone(world: World) -> None:
    user = added(world)
    client = signed_in_first(user)
    change(client, OWN)
    assert client.get("/").status_code == 200
    assert signed_in_first(user).get("/").headers["Location"].startswith("/sign-in/")
    assert signed_in_first(user, OWN).get("/").status_code == 200


def test_the_same_once_more_is_no_other(world: World) -> None:
    client = signed_in_first(added(world))
    change(client, FIRST)
    assert client.get("/").headers["Location"] == PLACE


def test_neither_is_it_by_a_code_or_a_link(world: World) -> None:
    user = added(world)
    assert signed_in_first(user).get("/").headers["Location"] == PLACE
    with pytest.raises(ValidationError, match="knows this one"):
        validate_password(FIRST, user)
    invitation, _ = invitations.renewal_add(user=world.ada, person=user)
    with pytest.raises(ValidationError, match="knows this one"):
        invitations.accept(invitation_id=invitation.id, name="", password=FIRST)
    renewed = invitations.accept(invitation_id=invitation.id, name="", password=OWN)
    assert not renewed.has_first_password


def test_signing_out_is_always_possible(world: World) -> None:
    client = signed_in_first(added(world))
    assert client.post("/sign-out/").status_code == 302
    assert AccessLogEntry.objects.filter(action="sign_out").exists()


def test_with_a_second_factor_required_both_are_asked_for_and_neither_shuts_the_other_out(
    world: World, settings: Settings
) -> None:
    settings.MFA_REQUIRED = True
    client = signed_in_first(added(world))
    set_up_app(client)
    assert client.get("/").headers["Location"] == PLACE
    change(client, OWN)
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("command", ["add_clinic", "add_user"])
def test_both_commands_give_such_a_password(world: World, command: str) -> None:
    if command == "add_clinic":
        call_command(command, "Elm House", admin="new@elm.example", name="Eve Elm", stdout=StringIO())
    else:
        said = {"clinic": str(world.clinic.id), "role": "staff", "name": "Eve Elm"}
        call_command(command, "new@elm.example", stdout=StringIO(), **said)
    assert User.objects.get(email="new@elm.example").has_first_password


def test_who_was_invited_chose_their_own(world: World) -> None:
    assert not world.alice.has_first_password
