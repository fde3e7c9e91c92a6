"""The second factor: asked for, set up before anything else, wrong, replayed and lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.utils import encrypt
from django.test import Client
from pytest_django import Settings

from accounts.idle import BEGAN
from accounts.models import AccessLogEntry, User
from tests.accounts.factors import SECRET, half_way, shown, with_app, wrong
from tests.pages import HTMX, signed_in, text
from tests.tokens import token_of
from tests.world import PASSWORD, World

STEP = "/sign-in/second-factor/"
PLACE = "/account/second-factor/"


@pytest.fixture
def required(settings: Settings) -> None:
    """As in production."""
    settings.MFA_REQUIRED = True


def give(client: Client, code: str) -> bool:
    """Whether ``code`` opens the door."""
    client.post(STEP, {"code": code})
    return client.get("/").status_code == 200


def set_up_app(client: Client) -> str:
    """Set an app up by the page; its secret."""
    page = client.get(f"{PLACE}app/").content.decode()
    found = re.search(r'class="secret">(\w+)<', page)
    assert found, page
    client.post(f"{PLACE}app/", {"code": shown(found[1])})
    return found[1]


def test_with_the_password_alone_nothing_is_open(world: World) -> None:
    client = half_way(with_app(world.alice))
    assert client.get("/").status_code == 302
    assert not AccessLogEntry.objects.filter(action="sign_in", allowed=True).exists()


def test_password_and_code_open_the_door(world: World) -> None:
    assert give(half_way(with_app(world.alice)), shown())


@pytest.mark.parametrize("steps", [-1, 1])
def test_a_clock_that_is_half_a_minute_off_does_not_matter(world: World, steps: int) -> None:
    assert give(half_way(with_app(world.alice)), shown(steps=steps))


def test_a_code_of_two_minutes_ago_opens_nothing(world: World) -> None:
    assert not give(half_way(with_app(world.alice)), shown(steps=-4))


def test_a_code_that_was_used_opens_nothing_any_more(world: World) -> None:
    with_app(world.alice)
    code = shown(steps=1)
    assert give(half_way(world.alice), code)
    assert not give(half_way(world.alice), code)


def test_a_code_of_somebody_else_opens_nothing(world: World) -> None:
    with_app(world.alice)
    Authenticator.objects.filter(user=world.alice, type="totp").update(data={"secret": encrypt("KRSXG5CTMVRXEZLU")})
    assert not give(half_way(world.alice), shown())


def test_a_wrong_code_leaves_a_row_of_the_account(world: World) -> None:
    give(half_way(with_app(world.alice)), wrong())
    row = AccessLogEntry.objects.get(action="second_factor")
    assert (row.allowed, row.actor_id, row.object_id) == (False, None, world.alice.id)


def test_after_five_wrong_codes_a_right_one_must_wait(world: World) -> None:
    client = half_way(with_app(world.alice))
    for _ in range(5):
        give(client, wrong())
    assert not give(client, shown())
    assert AccessLogEntry.objects.filter(action="lock_out", object_id=world.alice.id).exists()


def test_a_recovery_code_works_once(world: World) -> None:
    with_app(world.alice)
    (code, *_) = RecoveryCodes(Authenticator.objects.get(user=world.alice, type="recovery_codes")).generate_codes()
    assert give(half_way(world.alice), code)
    assert not give(half_way(world.alice), code)


def test_who_has_none_is_led_to_set_it_up_and_can_open_nothing_else(world: World, required: None) -> None:
    client = signed_in(world.alice)
    for address in ("/", f"/patients/{world.alices_patient.id}/", "/account/api-token/", "/account/password/"):
        assert client.get(address).headers["Location"] == PLACE, address
    assert client.post("/account/api-token/").headers["Location"] == PLACE
    assert "You have none yet." in text(client.get(PLACE))


def test_neither_can_a_part_of_a_page_nor_the_api_with_a_session(world: World, required: None) -> None:
    client = signed_in(world.alice)
    assert client.get("/notices/", headers=HTMX).headers["HX-Redirect"] == PLACE
    answer = client.get("/api/v1/patients")
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_missing")


def test_a_program_with_a_token_needs_none(world: World, required: None) -> None:
    token = token_of(with_app(world.robot))
    assert Client().get("/api/v1/patients", headers={"Authorization": f"Token {token}"}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_whoever_has_set_one_up_goes_on_and_is_shown_recovery_codes_once(world: World, required: None) -> None:
    client = half_way(world.alice)
    set_up_app(client)
    page = client.get(f"{PLACE}codes/").content.decode()
    assert len(re.findall(r"<code>\d{8}</code>", page)) == 10
    assert not re.findall(r"<code>\d{8}</code>", client.get(f"{PLACE}codes/").content.decode())
    assert client.get("/").status_code == 200
    assert AccessLogEntry.objects.filter(action="add_second_factor", actor_id=world.alice.id).exists()


def test_a_wrong_code_sets_nothing_up(world: World, required: None) -> None:
    client = half_way(world.alice)
    client.get(f"{PLACE}app/")
    client.post(f"{PLACE}app/", {"code": wrong()})
    assert not Authenticator.objects.filter(user=world.alice).exists()


def test_who_removes_the_last_one_must_set_up_another_at_once(world: World, required: None) -> None:
    client = half_way(with_app(world.alice))
    assert give(client, shown())
    client.post(f"{PLACE}app/remove/")
    assert client.get("/").headers["Location"] == PLACE
    assert AccessLogEntry.objects.filter(action="remove_second_factor", actor_id=world.alice.id).exists()


@pytest.mark.parametrize(
    ("what", "action"), [("app/remove/", "remove_second_factor"), ("codes/new/", "renew_recovery_codes")]
)
def test_who_signed_in_a_while_ago_must_confirm_before_changing_it(
    world: World, what: str, action: str, django_capture_on_commit_callbacks: Any
) -> None:
    client = signed_in(with_app(world.alice))
    session = client.session
    session[BEGAN] -= 301
    session.save()
    address = PLACE + what
    assert client.post(address).headers["Location"].startswith("/account/confirm/")
    client.post(f"/account/confirm/?next={address}", {"password": "wrong"})
    assert Authenticator.objects.filter(user=world.alice).count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/account/confirm/?next={address}", {"password": PASSWORD, "next": address})
        client.post(address)
    assert AccessLogEntry.objects.filter(actor_id=world.alice.id, action=action).exists()


def test_the_demonstration_asks_for_none(world: World) -> None:
    assert signed_in(world.alice).get("/").status_code == 200


def test_no_secret_lies_readable_in_the_database(world: World) -> None:
    with_app(world.alice)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in kept
    assert Authenticator.objects.get(type="totp").wrap().validate_code(shown())


def test_a_secret_outlives_a_change_of_the_key(world: World, settings: Settings) -> None:
    with_app(world.alice)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [str(settings.SECRET_KEY)], "another"
    assert Authenticator.objects.get(type="totp").wrap().validate_code(shown())


def test_each_page_of_it_opens(world: World) -> None:
    client = signed_in(with_app(world.alice))
    for place in ("", "app/remove/", "codes/", "codes/new/", "passkey/"):
        text(client.get(PLACE + place))
    for place in ("/account/confirm/", "/account/confirm/code/"):
        text(client.get(place))
    text(signed_in(world.bob).get(f"{PLACE}app/"))
    text(half_way(world.alice).get(STEP))


def test_nobody_removes_a_passkey_of_somebody_else(world: World) -> None:
    key = Authenticator.objects.create(user=world.bob, type="webauthn", data={"name": "Key", "credential": {}})
    assert signed_in(world.alice).post(f"{PLACE}passkey/{key.pk}/remove/").status_code == 404
    assert User.objects.get(id=world.bob.id).authenticator_set.exists()  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_setting_one_up_ends_sessions_that_had_passed_the_password_alone(world: World, required: None) -> None:
    elsewhere, here = signed_in(world.alice), signed_in(world.alice)
    set_up_app(here)
    assert here.get("/").status_code == 200
    assert "sign-in" in elsewhere.get("/").headers["Location"]
    assert "sign-in" in elsewhere.get(f"/patients/{world.alices_patient.id}/").headers["Location"]


def test_removing_one_ends_the_sessions_elsewhere(world: World, required: None) -> None:
    with_app(world.alice)
    elsewhere, here = signed_in(world.alice), signed_in(world.alice)
    assert elsewhere.get("/").status_code == 200
    here.post(f"{PLACE}app/remove/")
    assert not Authenticator.objects.filter(user=world.alice, type="totp").exists()
    assert here.get("/").headers["Location"] == PLACE
    assert "sign-in" in elsewhere.get("/").headers["Location"]
