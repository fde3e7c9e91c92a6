"""`manage.py renew_user`: the way back for an only administrator who has lost everything."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.api_tokens import api_token_make, api_token_of
from accounts.models import AccessLogEntry, User
from tests.accounts.factors import with_app
from tests.accounts.test_new_clinic import password_in
from tests.accounts.test_second_factor import set_up_app
from tests.pages import signed_in
from tests.world import World

OWN = "seven green umbrellas"


def renewed(email: str) -> str:
    """The password that the command shows."""
    out = StringIO()
    call_command("renew_user", email, stdout=out)
    return password_in(out.getvalue())


def test_who_lost_everything_signs_in_with_it_and_sets_both_up_anew(world: World, settings: Settings) -> None:
    settings.MFA_REQUIRED = True
    with_app(world.ada)
    first, client = renewed(world.ada.email.upper()), Client()
    client.post("/sign-in/", {"username": world.ada.email, "password": first})
    set_up_app(client)
    assert client.get("/clinic/people/").headers["Location"] == "/account/password/"
    client.post("/account/password/", {"oldpassword": first, "password1": OWN, "password2": OWN})
    assert client.get("/clinic/people/").status_code == 200


def test_what_let_in_before_lets_in_no_more(world: World) -> None:
    browser, token, before = signed_in(world.ada), api_token_make(user=world.ada), world.ada.password
    renewed(world.ada.email)
    assert browser.get("/").status_code == 302
    assert api_token_of(token) is None
    assert User.objects.get(id=world.ada.id).password != before


def test_it_leaves_a_row_without_an_actor(world: World) -> None:
    renewed(world.ada.email)
    row = AccessLogEntry.objects.get(action="renew")
    assert (row.actor_id, row.object_id, row.clinic_id) == (None, world.ada.id, world.clinic.id)


def test_an_address_that_nobody_has_is_said(world: World) -> None:
    with pytest.raises(CommandError, match="Nobody has an account with the address"):
        renewed("nobody@willow.example")
