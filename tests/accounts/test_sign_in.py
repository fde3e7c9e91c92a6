"""Signing in and out."""

from __future__ import annotations

from django.test import Client
from pytest_django import Settings

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
