"""Passwords that were leaked elsewhere are refused, without asking anybody over the network."""

from __future__ import annotations

import socket

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from tests.pages import signed_in, text
from tests.world import PASSWORD, World

LEAKED = ["123456789012", "passwordpassword", "qwertyuiop123", "iloveyou1234"]
SENTENCE = "This password stands in a list of leaked ones."


@pytest.mark.parametrize("password", LEAKED)
def test_a_leaked_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError, match=SENTENCE):
        validate_password(password)


@pytest.mark.parametrize("password", ["seven green umbrellas", "näher-am-Fluss-17", "x" * 500, "🎵" * 12])
def test_one_that_is_in_no_list_is_taken(password: str) -> None:
    validate_password(password)


def test_nobody_is_asked_over_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    validate_password("seven green umbrellas")


def test_the_page_says_so(world: World) -> None:
    sent = {"oldpassword": PASSWORD, "password1": LEAKED[0], "password2": LEAKED[0]}
    assert SENTENCE in text(signed_in(world.alice).post("/account/password/", sent))
    assert Client().login(username=world.alice.email, password=PASSWORD)
