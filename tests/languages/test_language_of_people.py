"""Who is spoken to in which language: as they chose, else as their browser asks; programs in English."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import formats, translation
from pytest_django import Settings

from tests.pages import signed_in, text
from tests.tokens import token_of
from tests.world import World

SPANISH = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}
GERMAN = {"Accept-Language": "de"}


@pytest.mark.usefixtures("db")
def test_the_sign_in_page_is_in_spanish_where_the_browser_asks_for_it(client: Client) -> None:
    answer = client.get("/sign-in/", headers=SPANISH)
    assert '<html lang="es">' in answer.content.decode()
    assert answer.headers["Content-Language"] == "es"


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "headers", [{}, GERMAN, {"Accept-Language": "en-US,es;q=0.5"}, {"Accept-Language": "\x00;q=x"}]
)
def test_who_asks_for_no_language_that_is_offered_is_answered_in_english(
    client: Client, headers: dict[str, str]
) -> None:
    answer = client.get("/sign-in/", headers=headers)
    assert '<html lang="en">' in answer.content.decode()
    assert "Sign in" in text(answer)


@pytest.mark.usefixtures("only_english", "db")
def test_a_language_that_is_not_offered_is_spoken_to_nobody(client: Client) -> None:
    assert "Sign in" in text(client.get("/sign-in/", headers=SPANISH))


def test_what_somebody_chose_is_kept_with_their_account_whatever_the_browser_asks(world: World) -> None:
    said = signed_in(world.alice).post("/account/language/", {"language": "es"}, follow=True)
    assert "Se cambió el idioma." in text(said)
    world.alice.refresh_from_db()
    assert world.alice.language == "es"
    later = signed_in(world.alice).get("/account/password/", headers=GERMAN)
    assert '<html lang="es">' in later.content.decode()
    assert '<html lang="en">' in signed_in(world.bob).get("/account/password/").content.decode()


def test_who_takes_the_choice_back_is_spoken_to_as_their_browser_asks(world: World) -> None:
    world.alice.language = "es"
    world.alice.save()
    client = signed_in(world.alice)
    assert "The language was changed." in text(client.post("/account/language/", {"language": ""}, follow=True))
    assert '<html lang="es">' in client.get("/account/password/", headers=SPANISH).content.decode()


@pytest.mark.parametrize("language", ["de", "ES", "xx", "../es", "es\x00", "a" * 400])
def test_a_language_that_is_not_offered_cannot_be_chosen(world: World, language: str) -> None:
    said = signed_in(world.alice).post("/account/language/", {"language": language}, follow=True)
    assert "Please choose one of the languages." in text(said)
    world.alice.refresh_from_db()
    assert world.alice.language == ""


@pytest.mark.usefixtures("only_english")
def test_where_one_language_is_offered_there_is_nothing_to_choose(world: World) -> None:
    assert "Language" not in text(signed_in(world.alice).get("/account/password/"))


@pytest.mark.usefixtures("only_english")
def test_who_chose_a_language_that_is_offered_no_more_is_spoken_to_in_english(world: World) -> None:
    world.alice.language = "es"
    world.alice.save()
    assert '<html lang="en">' in signed_in(world.alice).get("/account/password/").content.decode()


def test_programs_are_answered_in_english(world: World) -> None:
    world.alice.language = "es"
    world.alice.save()
    token = {"Authorization": f"Token {token_of(world.alice)}"}
    answers = [
        Client().get("/api/v1/patients/", headers=SPANISH | token),
        signed_in(world.alice).get("/api/v1/patients/?page_size=x", headers=SPANISH),
        Client().get("/api/v1/patients/", headers=SPANISH),
    ]
    for answer in answers:
        assert answer.headers["Content-Language"] == "en"
    assert "Please sign in" in answers[-1].json()["detail"]


@pytest.mark.usefixtures("db")
def test_an_answer_leaves_no_language_behind_for_the_next(client: Client) -> None:
    client.get("/sign-in/", headers=SPANISH)
    assert translation.get_language() == "en"


def test_a_number_has_its_point_in_every_language(settings: Settings) -> None:
    for language in ("en", "es"):
        with translation.override(language):
            assert formats.localize(0.62) == "0.62"
            assert formats.localize(20_000) == "20000"
