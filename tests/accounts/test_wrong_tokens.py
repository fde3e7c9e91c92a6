"""Wrong API tokens: written down, counted, slowed down; and no program with a right one is kept out by them."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings
from structlog.testing import capture_logs

from accounts import wrong_tokens
from accounts.models import AccessLogEntry, Clinic, User
from tests.tokens import token_of
from tests.world import World

HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"
OTHER_SECRET = "0" * 64


def ask(key: str, address: str = ELSEWHERE) -> tuple[int, str]:
    """Status and code of the answer to a program that sends ``key``."""
    answer = Client().get("/api/v1/patients", headers={"Authorization": f"Token {key}"}, REMOTE_ADDR=address)
    return answer.status_code, "" if answer.status_code == 200 else answer.json()["code"]


def spoiled(user: User) -> str:
    """A token that begins as that of ``user`` does."""
    return f"{token_of(user).rpartition('_')[0]}_{OTHER_SECRET}"


def made_up(number: int) -> str:
    return f"undertone_{number:08x}_{OTHER_SECRET}"


@pytest.fixture
def few(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches sooner, and no time that passes meanwhile."""
    settings.WRONG_TOKENS_OF_PLACE, settings.WRONG_TOKENS_ALIKE = 4, 2
    stands_still = wrong_tokens.now()
    monkeypatch.setattr(wrong_tokens, "now", lambda: stands_still)


@pytest.mark.parametrize("key", [made_up(1), "x", "undertone_\x00", "x" * 5000])
def test_a_wrong_token_is_a_401_with_a_sentence(world: World, key: str) -> None:
    answer = Client().get("/api/v1/patients", headers={"Authorization": f"Token {key}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    assert "This token is not valid" in answer.json()["detail"]


def test_one_that_begins_as_somebodys_does_leaves_a_row_of_that_account(world: World) -> None:
    ask(spoiled(world.robot))
    row = AccessLogEntry.objects.get()
    assert (row.action, row.allowed, row.object_id, row.clinic_id, row.actor_id, row.address) == (
        "api_token",
        False,
        world.robot.id,
        world.clinic.id,
        None,
        ELSEWHERE,
    )


def test_so_does_the_token_of_an_account_that_is_switched_off(world: World) -> None:
    key = token_of(world.robot)
    User.objects.filter(id=world.robot.id).update(is_active=False)
    assert ask(key)[0] == 401
    assert AccessLogEntry.objects.get().object_id == world.robot.id


def test_one_that_begins_as_nobodys_does_leaves_a_line_of_the_log_and_no_part_of_it_is_there(world: World) -> None:
    with capture_logs() as lines:
        ask(made_up(1))
    assert "api_token_unknown" in [line["event"] for line in lines]
    assert "00000001" not in str(lines)
    assert OTHER_SECRET not in str(lines)
    assert not AccessLogEntry.objects.exists()


def test_too_many_that_begin_alike_are_answered_with_429_and_when_to_come_back(world: World, few: None) -> None:
    for _ in range(2):
        assert ask(spoiled(world.robot)) == (401, "authentication_failed")
    answer = Client().get(
        "/api/v1/patients", headers={"Authorization": f"Token {spoiled(world.robot)}"}, REMOTE_ADDR=ELSEWHERE
    )
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 0 < int(answer.headers["Retry-After"]) <= wrong_tokens.SECONDS
    assert answer.json()["detail"].startswith("Too many wrong tokens came from your address.")
    assert AccessLogEntry.objects.count() == 2
    assert ask(made_up(1))[0] == 401


def test_too_many_of_one_address_are_too_however_they_begin(world: World, few: None) -> None:
    answers = [ask(made_up(number))[0] for number in range(6)]
    assert answers == [401, 401, 401, 401, 429, 429]
    assert ask(made_up(7), HOME)[0] == 401


def test_the_many_ipv6_addresses_of_one_connection_are_one(world: World, few: None) -> None:
    answers = [ask(made_up(number), f"2001:db8::{number}")[0] for number in range(5)]
    assert answers == [401, 401, 401, 401, 429]
    assert ask(made_up(7), "2001:db8:0:1::1")[0] == 401


@pytest.mark.parametrize("address", [HOME, ELSEWHERE])
def test_a_right_token_opens_the_api_from_whichever_address(world: World, few: None, address: str) -> None:
    for number in range(8):
        ask(made_up(number))
        ask(spoiled(world.robot))
    assert ask(token_of(world.robot), address)[0] == 200


def test_after_a_while_wrong_ones_are_looked_at_again(world: World, few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        ask(made_up(number))
    later = wrong_tokens.now() + wrong_tokens.SECONDS
    monkeypatch.setattr(wrong_tokens, "now", lambda: later)
    assert ask(made_up(9))[0] == 401


def test_without_a_counter_right_tokens_work_and_wrong_ones_do_not(world: World, settings: Settings) -> None:
    nowhere = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "unix:///nowhere/redis.sock"}
    settings.CACHES = {"default": nowhere}
    assert ask(token_of(world.robot))[0] == 200
    assert ask(spoiled(world.robot))[0] == 401
    assert AccessLogEntry.objects.filter(action="api_token").count() == 1


def test_what_is_counted_names_no_address_and_no_token(world: World, few: None) -> None:
    names = wrong_tokens.counters(made_up(1), ELSEWHERE)
    assert len(set(names)) == 2
    assert not [name for name in names if ELSEWHERE in name or "00000001" in name]


def test_a_clinic_sees_no_wrong_token_of_another(world: World) -> None:
    ask(spoiled(world.mallory))
    assert Clinic.objects.get(id=AccessLogEntry.objects.get().clinic_id) == world.mallory.clinic
