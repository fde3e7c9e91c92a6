"""Signing in and out."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from accounts.models import AccessLogEntry
from sessions_app.demo.people import LOGINS
from tests.pages import signed_in, text
from tests.world import PASSWORD, World


def test_e_mail_and_password_open_the_first_page(world: World, client: Client) -> None:
    response = client.post("/sign-in/", {"username": world.alice.email, "password": PASSWORD})
    assert response.headers["Location"] == "/"


def test_the_letter_case_of_the_address_does_not_matter(world: World, client: Client) -> None:
    response = client.post("/sign-in/", {"username": world.alice.email.upper(), "password": PASSWORD})
    assert response.headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_read_the_same(world: World, client: Client) -> None:
    wrong = client.post("/sign-in/", {"username": world.alice.email, "password": "wrong"})
    unknown = client.post("/sign-in/", {"username": "nobody@clinic.test", "password": "wrong"})
    sentence = "This e-mail address and password do not belong together."
    assert sentence in text(wrong)
    assert sentence in text(unknown)


def test_an_account_that_was_switched_off_stays_out(world: World, client: Client) -> None:
    world.alice.is_active = False
    world.alice.save()
    client.post("/sign-in/", {"username": world.alice.email, "password": PASSWORD})
    assert client.get("/").status_code == 302


def test_signing_out_ends_the_session(world: World) -> None:
    client = signed_in(world.alice)
    client.post("/sign-out/")
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"


def test_the_demonstration_lists_its_log_ins(client: Client, settings: Settings, db: None) -> None:
    settings.ENVIRONMENT = "demo"
    page = text(client.get("/sign-in/"))
    for login in LOGINS:
        assert login.email in page
        assert login.password in page


def test_a_real_clinic_lists_none(client: Client, db: None) -> None:
    page = text(client.get("/sign-in/"))
    assert LOGINS[0].email not in page
    assert "demonstration" not in page


def test_signing_in_gives_the_session_a_new_key(world: World, client: Client) -> None:
    client.get("/sign-in/")
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    client.post("/sign-in/", {"username": world.alice.email, "password": PASSWORD})
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_whoever_knows_the_password_of_an_account_that_was_switched_off_is_told(world: World, client: Client) -> None:
    world.alice.is_active = False
    world.alice.save()
    sent = {"username": world.alice.email, "password": PASSWORD}
    assert "This account is switched off." in text(client.post("/sign-in/", sent, follow=True))
    assert not AccessLogEntry.objects.get().allowed


def test_a_link_to_another_site_is_not_followed_after_signing_in(world: World, client: Client) -> None:
    sent = {"username": world.alice.email, "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/sign-in/", sent).headers["Location"] == "/"
    client.post("/sign-out/")
    assert client.post("/sign-in/", sent | {"next": "/account/password/"}).headers["Location"] == "/account/password/"


def test_an_address_that_is_none_is_said_without_asking_the_database_for_it(world: World, client: Client) -> None:
    page = text(client.post("/sign-in/", {"username": "x' OR 1=1 --", "password": "wrong"}))
    assert "Please give your e-mail address and your password." in page
