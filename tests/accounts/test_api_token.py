"""One's own API token."""

from __future__ import annotations

import re
import time

from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts import once
from accounts.api_tokens import api_token_of
from accounts.idle import BEGAN
from accounts.models import AccessLogEntry, ApiToken, User
from accounts.sessions import SessionStore
from tests.pages import signed_in, text
from tests.tokens import token_of
from tests.world import PASSWORD, World

PLACE = "/account/api-token/"


def shown(answer: HttpResponse) -> str:
    """The token in a page, or nothing."""
    found = re.search(r'<code id="token">(undertone_\w+)</code>', answer.content.decode())
    return found[1] if found else ""


def send_form(client: Client) -> tuple[HttpResponse, dict[str, str]]:
    """Load the page and send its form; the answer, and what was sent."""
    found = re.search(r'name="once" value="(\w+)"', client.get(PLACE).content.decode())
    assert found
    sent = {"once": found[1]}
    return client.post(PLACE, sent), sent


def owner(key: str) -> User | None:
    token = api_token_of(key)
    return token and token.user


def test_before_the_first_there_is_none(world: World) -> None:
    assert "You have no token yet." in text(signed_in(world.alice).get(PLACE))


def test_a_new_token_is_shown_once(world: World) -> None:
    client = signed_in(world.alice)
    key = shown(client.post(PLACE))
    assert owner(key) == world.alice
    assert key not in text(client.get(PLACE))


def test_a_form_that_is_sent_twice_at_once_is_taken_once(world: World) -> None:
    """Each of both finds the session as it was before the other."""
    requests = [RequestFactory().post(PLACE, {"once": "the-same-mark"}) for _ in range(2)]
    for request in requests:
        request.session = SessionStore()
    assert [once.is_repeated(request) for request in requests] == [False, True]


def test_a_new_token_opens_the_api_in_the_name_of_who_made_it(world: World) -> None:
    key = shown(signed_in(world.alice).post(PLACE))
    found = Client().get("/api/v1/patients", headers={"Authorization": f"Token {key}"}).json()
    assert [patient["id"] for patient in found["results"]] == [str(world.alices_patient.id)]


def test_its_beginning_stays_on_the_page_so_that_people_recognise_it(world: World) -> None:
    client = signed_in(world.alice)
    beginning, _, secret = shown(client.post(PLACE)).rpartition("_")
    page = text(client.get(PLACE))
    assert f"You have a token that begins with {beginning} , made on" in page
    assert secret not in page
    assert owner(beginning) is None


def test_no_part_of_it_that_is_kept_opens_anything(world: World) -> None:
    shown(signed_in(world.alice).post(PLACE))
    kept = ApiToken.objects.get()
    for key in (kept.key_hash, kept.beginning, f"{kept.beginning}_{kept.key_hash}"):
        assert Client().get("/api/v1/patients", headers={"Authorization": f"Token {key}"}).status_code == 401


def test_loading_the_answer_again_shows_it_no_more_and_does_not_end_it(world: World) -> None:
    client = signed_in(world.alice)
    answer, sent = send_form(client)
    again = client.post(PLACE, sent)
    assert (again.status_code, again.headers["Location"]) == (302, PLACE)
    assert owner(shown(answer)) == world.alice


def test_the_form_on_the_answer_makes_another(world: World) -> None:
    client = signed_in(world.alice)
    first, second = (shown(send_form(client)[0]) for _ in range(2))
    assert owner(second) == world.alice
    assert owner(first) is None


def test_making_a_token_is_recorded(world: World) -> None:
    signed_in(world.alice).post(PLACE)
    row = AccessLogEntry.objects.get()
    assert (row.actor_id, row.action, row.object_kind) == (world.alice.id, "make", "api_token")


def test_a_new_password_ends_it(world: World) -> None:
    key = token_of(world.alice)
    new = "seven green umbrellas"
    sent = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    signed_in(world.alice).post("/account/password/", sent)
    world.alice.refresh_from_db()
    assert world.alice.check_password(new)
    assert owner(key) is None


def test_who_signed_in_a_while_ago_confirms_that_it_is_them_before_one_is_made(world: World) -> None:
    client = signed_in(world.alice)
    client.get("/")
    session = client.session
    session[BEGAN] = time.time() - 3600
    session.save()
    assert client.post(PLACE).headers["Location"].startswith("/account/confirm/")
    assert not ApiToken.objects.exists()
    assert client.get(PLACE).status_code == 200
