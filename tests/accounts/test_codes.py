"""Codes that stand for somebody: how they come about, for whom they are, and how long they hold."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.core import mail
from django.test import Client
from pytest_django import Settings

from tests.accounts.factors import with_app
from tests.world import PASSWORD, World

NEW = "seven green umbrellas"


def asked_for_a_code(world: World, settings: Settings) -> tuple[Client, str]:
    """The browser in which Alice asked, and the code that she was sent."""
    settings.EMAIL_URL = "smtp://mail.example"
    client = Client()
    client.post("/password/forgotten/", {"email": world.alice.email})
    (code,) = re.findall(r"^\s*([A-Z0-9-]{6,})\s*$", mail.outbox[-1].body, re.MULTILINE)
    return client, code


def sets_a_password(world: World, client: Client, code: str, new: str = NEW) -> bool:
    client.post("/password/forgotten/code/", {"code": code})
    client.post("/password/forgotten/new/", {"password1": new, "password2": new})
    world.alice.refresh_from_db()
    return world.alice.check_password(new)


def test_seeds_and_codes_are_another_each_time_and_long_enough(world: World) -> None:
    seeds = {generate_totp_secret() for _ in range(50)}
    # Five bits in each character.
    assert len(seeds) == 50
    assert min(map(len, seeds)) * 5 >= 160
    codes = {get_adapter().generate_password_reset_code().replace("-", "") for _ in range(50)}
    # Four bits at least, of an alphabet of more than sixteen.
    assert len(codes) == 50
    assert min(map(len, codes)) * 4 >= 20
    first = set(RecoveryCodes.activate(with_app(world.alice)).get_unused_codes())
    second = set(RecoveryCodes.activate(with_app(world.bob)).get_unused_codes())
    assert len(first | second) == 20
    # More than three bits in each digit.
    assert all(code.isdigit() and len(code) * 3 >= 20 for code in first | second)


def test_a_code_by_e_mail_is_for_the_browser_that_asked_alone_and_works_once(world: World, settings: Settings) -> None:
    client, code = asked_for_a_code(world, settings)
    elsewhere, _ = asked_for_a_code(world, settings)
    assert not sets_a_password(world, Client(), code)
    assert not sets_a_password(world, elsewhere, code)
    assert sets_a_password(world, client, code)
    assert not sets_a_password(world, client, code, "eight blue umbrellas")


@pytest.mark.parametrize(("minutes", "taken"), [(9, True), (11, False)])
def test_a_code_by_e_mail_ends_after_ten_minutes(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, minutes: int, taken: bool
) -> None:
    client, code = asked_for_a_code(world, settings)
    now: Any = time.time
    later = now() + minutes * 60
    monkeypatch.setattr("allauth.account.internal.flows.code_verification.time.time", lambda: later)
    assert sets_a_password(world, client, code) == taken
    assert world.alice.check_password(PASSWORD) != taken
