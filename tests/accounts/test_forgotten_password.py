"""Asking for a code by mail: neither words nor time nor a mail server in trouble tell who has an account."""

from __future__ import annotations

import re
import socket
import time

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from structlog.testing import capture_logs

from accounts import outgoing
from tests.accounts.factors import with_app
from tests.mail_server import goes_to, mail_server
from tests.pages import text
from tests.world import World

PLACE, NEXT = "/password/forgotten/", "/password/forgotten/code/"
NOBODY = "nobody@clinic.test"
SLOW = 3.0
"""Seconds that a mail server takes."""


@pytest.fixture(autouse=True)
def _nothing_waits() -> None:
    """What another test has left."""
    outgoing.wait()


def ask(email: str) -> HttpResponse:
    return Client().post(PLACE, {"email": email})


def test_a_slow_mail_server_holds_up_no_answer_and_gets_the_mail_all_the_same(world: World, settings: Settings) -> None:
    with mail_server(settings, SLOW) as server:
        begin = time.monotonic()
        answers = [ask(email) for email in (world.alice.email, NOBODY)]
        assert time.monotonic() - begin < SLOW / 2
        assert [answer.headers["Location"] for answer in answers] == [NEXT, NEXT]
        outgoing.wait()
        (mail,) = server.mails
    assert f"To: {world.alice.email}" in mail
    assert re.search(r"^\s*[A-Z0-9]{4}-[A-Z0-9]{4}\s*$", mail, re.MULTILINE)


@pytest.mark.parametrize("who", ["alice", "nobody"])
def test_a_mail_server_that_is_away_makes_no_other_answer(world: World, settings: Settings, who: str) -> None:
    email = NOBODY if who == "nobody" else world.alice.email
    with socket.create_server(("127.0.0.1", 0)) as nobody_listens:
        port = nobody_listens.getsockname()[1]
    goes_to(settings, port)
    client = Client(raise_request_exception=False)
    answer = client.post(PLACE, {"email": email})
    assert (answer.status_code, answer.headers["Location"]) == (302, NEXT)
    assert "a code is on its way there" in text(client.get(NEXT))


def test_it_leaves_a_line_of_the_log_that_names_nobody(world: World, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody_listens:
        port = nobody_listens.getsockname()[1]
    goes_to(settings, port)
    with capture_logs() as lines:
        ask(world.alice.email)
        outgoing.wait()
    (line,) = [line for line in lines if line["event"] == "mail_not_sent"]
    assert line == {"event": "mail_not_sent", "error": "ConnectionRefusedError", "log_level": "warning"}
    assert world.alice.email not in str(lines)


def test_an_address_without_an_account_costs_the_same_work(world: World, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    # Counts and templates are then at hand for all.
    ask("first@clinic.test")
    asked, answers = [], []
    for email in (world.alice.email, NOBODY):
        with CaptureQueriesContext(connection) as queries:
            answers.append(ask(email))
        asked.append([query["sql"].split()[0] for query in queries.captured_queries])
    assert asked[0] == asked[1]
    rendered = [[template.name for template in answer.templates] for answer in answers]
    assert rendered[0] == rendered[1]
    assert "account/email/password_reset_code_message.txt" in rendered[0]


def test_more_than_can_be_on_their_way_are_not_sent_and_a_line_says_so(settings: Settings) -> None:
    with mail_server(settings, SLOW) as server, capture_logs() as lines:
        for _ in range(outgoing.AT_ONCE + 5):
            outgoing.send_later(EmailMessage("Subject", "Text", None, ["somebody@clinic.test"]))
        outgoing.wait()
        assert len(server.mails) == outgoing.AT_ONCE
    assert [line["error"] for line in lines if line["event"] == "mail_not_sent"] == ["TooManyAtOnce"] * 5


def test_an_account_without_a_password_gets_none_by_mail(world: World, settings: Settings) -> None:
    with_app(world.robot)
    world.robot.set_unusable_password()
    world.robot.save()
    with mail_server(settings) as server:
        assert ask(world.robot.email).headers["Location"] == NEXT
        outgoing.wait()
        assert server.mails == []
