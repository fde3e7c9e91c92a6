"""Guessing passwords is slowed down, and nobody can use that to keep a colleague out."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts import known_devices
from accounts.adapter import TOO_MANY
from accounts.models import AccessLogEntry
from tests.pages import text
from tests.world import PASSWORD, World

HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"


def attempt(client: Client, email: str, password: str = "wrong", address: str = ELSEWHERE) -> HttpResponse:
    return client.post("/sign-in/", {"username": email, "password": password}, REMOTE_ADDR=address)


def got_in(response: HttpResponse) -> bool:
    return response.status_code == 302


@pytest.fixture
def few(settings: Settings) -> None:
    """Limits that a test reaches sooner, of the same kinds."""
    limits = {"sign_in_from_place": "2/5m/key", "sign_in_from_strangers": "3/h/key"}
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | limits


def test_the_sixth_wrong_password_is_not_even_looked_at(world: World) -> None:
    stranger = Client()
    for _ in range(5):
        assert str(TOO_MANY) not in text(attempt(stranger, world.alice.email))
    assert str(TOO_MANY) in text(attempt(stranger, world.alice.email, PASSWORD))


def test_who_is_kept_out_at_one_address_gets_in_from_another(world: World, few: None) -> None:
    for _ in range(3):
        attempt(Client(), world.alice.email)
    assert got_in(attempt(Client(), world.alice.email, PASSWORD, HOME))


def test_other_accounts_are_open_from_the_same_address(world: World, few: None) -> None:
    for _ in range(3):
        attempt(Client(), world.alice.email)
    assert got_in(attempt(Client(), world.bob.email, PASSWORD))


def test_strangers_from_many_addresses_cannot_keep_out_who_has_a_known_browser(world: World, few: None) -> None:
    alices_browser = Client()
    attempt(alices_browser, world.alice.email, PASSWORD, HOME)
    alices_browser.post("/sign-out/")
    for number in range(5):
        attempt(Client(), world.alice.email, address=f"203.0.113.{number}")
    assert str(TOO_MANY) in text(attempt(Client(), world.alice.email, PASSWORD, "192.0.2.1"))
    assert got_in(attempt(alices_browser, world.alice.email, PASSWORD, "192.0.2.2"))


def test_a_known_browser_gets_in_from_the_address_of_who_guesses(world: World, few: None) -> None:
    alices_browser = Client()
    attempt(alices_browser, world.alice.email, PASSWORD, HOME)
    alices_browser.post("/sign-out/")
    for _ in range(3):
        attempt(Client(), world.alice.email, address=HOME)
    assert got_in(attempt(alices_browser, world.alice.email, PASSWORD, HOME))


def test_a_known_browser_may_not_guess_without_end(world: World, few: None) -> None:
    browser = Client()
    attempt(browser, world.alice.email, PASSWORD)
    browser.post("/sign-out/")
    for number in range(2):
        attempt(browser, world.alice.email, address=f"203.0.113.{number}")
    assert str(TOO_MANY) in text(attempt(browser, world.alice.email, PASSWORD, HOME))


def test_a_browser_is_known_for_those_only_who_signed_in_with_it(world: World, few: None) -> None:
    browser = Client()
    attempt(browser, world.alice.email, PASSWORD)
    browser.post("/sign-out/")
    for number in range(3):
        attempt(browser, world.bob.email, address=f"203.0.113.{number}")
    assert str(TOO_MANY) in text(attempt(browser, world.bob.email, PASSWORD, HOME))


def test_a_cookie_that_somebody_made_up_is_not_believed(world: World, few: None) -> None:
    forger = Client()
    forger.cookies[known_devices.COOKIE] = '{"device": "mine", "accounts": ["all"]}'
    assert not got_in(attempt(forger, world.alice.email))


def test_a_right_password_takes_the_wrong_ones_back(world: World, few: None) -> None:
    browser = Client()
    for _ in range(3):
        attempt(browser, world.alice.email)
        assert got_in(attempt(browser, world.alice.email, PASSWORD))
        browser.post("/sign-out/")


def test_the_many_ipv6_addresses_of_one_connection_are_one_place(world: World, few: None) -> None:
    for number in range(2):
        attempt(Client(), world.alice.email, address=f"2001:db8::{number}")
    assert str(TOO_MANY) in text(attempt(Client(), world.alice.email, PASSWORD, "2001:db8::ffff"))
    assert got_in(attempt(Client(), world.alice.email, PASSWORD, "2001:db8:0:1::1"))


def test_whoever_is_kept_out_leaves_a_row_of_the_account(world: World, few: None) -> None:
    for _ in range(3):
        attempt(Client(), world.alice.email)
    row = AccessLogEntry.objects.first()
    assert row is not None
    assert (row.action, row.allowed, row.object_id, row.address) == ("lock_out", False, world.alice.id, ELSEWHERE)


def test_an_address_that_sends_very_many_is_answered_with_429(world: World, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login": "2/m/ip"}
    for number in range(2):
        attempt(Client(), f"nobody{number}@clinic.test")
    answer = attempt(Client(), "nobody@clinic.test")
    assert answer.status_code == 429
    assert "That was too often" in answer.content.decode()


def test_the_proxys_header_says_whose_attempts_they_are(world: World, few: None, settings: Settings) -> None:
    settings.CLIENT_ADDRESS_HEADER = "X-Real-IP"
    for _ in range(3):
        Client().post(
            "/sign-in/",
            {"username": world.alice.email, "password": "wrong"},
            headers={"X-Real-IP": ELSEWHERE, "X-Forwarded-For": HOME},
            REMOTE_ADDR="10.0.0.1",
        )
    sent = {"username": world.alice.email, "password": PASSWORD}
    answer = Client().post("/sign-in/", sent, headers={"X-Real-IP": HOME}, REMOTE_ADDR="10.0.0.1")
    assert got_in(answer)


def test_without_a_counter_nobody_may_guess_and_a_sentence_says_so(world: World, settings: Settings) -> None:
    nowhere = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "unix:///nowhere/redis.sock"}
    settings.CACHES = {"default": nowhere}
    answer = attempt(Client(raise_request_exception=False), world.alice.email, PASSWORD)
    assert answer.status_code == 503
    assert "Attempts cannot be counted just now." in answer.content.decode()
