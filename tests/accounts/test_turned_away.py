"""A form that is sent after its sender has signed out in another tab."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.idle import SEEN
from accounts.turned_away import NOT_KEPT
from tests.pages import HTMX, signed_in, text
from tests.world import PASSWORD, RecordingFactory, SessionFactory, World

HOST = "http://testserver"
ELSEWHERE = "https://evil.example"


def next_of(address: str, referer: str = "") -> str:
    """Where signing in leads after a form was sent to ``address`` from the page ``referer``."""
    answer = Client().post(address, headers={"Referer": referer} if referer else {})
    assert answer.status_code == 302
    before, said = answer.headers["Location"].split("?next=")
    assert before == "/sign-in/"
    return said


def test_after_signing_in_one_is_on_the_page_of_the_form_and_not_before_an_error(world: World) -> None:
    session = SessionFactory(patient=world.alices_patient)
    recording = RecordingFactory(session=session)
    client, page = Client(), f"/sessions/{session.id}/"
    address = f"/recordings/{recording.id}/confirm-patient/"
    asked = client.post(address, headers={"Referer": f"{HOST}{page}"})
    assert asked.headers["Location"] == f"/sign-in/?next={page}"
    sent = {"username": world.alice.email, "password": PASSWORD, "next": page}
    answer = client.post("/sign-in/", sent, follow=True)
    assert (answer.status_code, answer.redirect_chain[-1][0]) == (200, page)


def test_the_sign_in_page_says_once_that_nothing_was_kept(world: World) -> None:
    client = Client()
    asked = client.post(f"/patients/{world.alices_patient.id}/notes/", {"text": "A long note."})
    assert str(NOT_KEPT) in text(client.get(asked.headers["Location"]))
    assert str(NOT_KEPT) not in text(client.get(asked.headers["Location"]))


def test_so_it_does_to_who_had_done_nothing_for_too_long(world: World) -> None:
    client = signed_in(world.alice)
    session = client.session
    session[SEEN] -= 16 * 60
    session.save()
    page = text(client.post("/account/api-token/", follow=True))
    assert "because nothing was done here for a while" in page
    assert str(NOT_KEPT) in page


def test_who_only_asked_for_a_page_or_signed_out_is_not_told_so(world: World) -> None:
    assert str(NOT_KEPT) not in text(Client().get("/account/devices/", follow=True))
    client = signed_in(world.alice)
    assert client.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert str(NOT_KEPT) not in text(client.get("/sign-in/"))


@pytest.mark.parametrize("address", ["/account/language/", "/clinic/audio/", "/clinic/idle/", "/account/password/"])
def test_every_kind_of_page_leads_back_to_where_its_form_stood(world: World, address: str) -> None:
    assert next_of(address, f"{HOST}/account/password/") == "/account/password/"


@pytest.mark.parametrize(
    "referer",
    [
        "",
        "nonsense",
        f"{ELSEWHERE}/account/password/",
        f"{HOST}.evil.example/account/password/",
        "https://testserver@evil.example/account/password/",
        f"{HOST}//evil.example/",
        f"{HOST}/\\evil.example/",
        f"{HOST}/no/such/page/",
        f"{HOST}/clinic/audio/",
        "javascript:alert(1)",
    ],
)
def test_from_nowhere_elsewhere_or_what_cannot_be_asked_for_it_leads_to_the_first_page(
    world: World, referer: str
) -> None:
    assert next_of("/clinic/audio/", referer) == "/"


def test_what_was_searched_for_is_not_in_the_address(world: World) -> None:
    assert next_of("/clinic/audio/", f"{HOST}/?q=Quillfeather#there") == "/"
    assert next_of("/clinic/audio/", f"{HOST}/clinic/people/?q=Quillfeather") == "/clinic/people/"


def test_a_form_that_htmx_sends_leads_back_as_well_and_a_part_that_asks_for_news_does_not(world: World) -> None:
    client, page = Client(), f"/patients/{world.alices_patient.id}/"
    headers = HTMX | {"Referer": f"{HOST}{page}"}
    answer = client.post(f"{page}notes/", headers=headers)
    assert answer.headers["HX-Redirect"] == f"/sign-in/?next={page}"
    assert str(NOT_KEPT) in text(client.get("/sign-in/"))
    assert client.get(f"{page}sessions/", headers=headers).headers["HX-Redirect"] == "/sign-in/"
    asked_by_the_clock = client.post("/", headers=headers | {"X-Repeated": "true"})
    assert asked_by_the_clock.headers["HX-Redirect"] == "/sign-in/"
    assert str(NOT_KEPT) not in text(client.get("/sign-in/"))


@pytest.mark.parametrize("address", ["/clinic/audio/", "/account/language/", "/sign-out/"])
def test_asking_for_what_can_only_be_sent_shows_a_page_that_says_so(world: World, address: str) -> None:
    answer = signed_in(world.ada).get(address)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    page = answer.content.decode()
    assert "This address cannot be opened by itself" in page
    assert 'href="/"' in page


def test_a_program_that_asks_so_is_told_as_before(world: World) -> None:
    answer = signed_in(world.alice).put("/api/v1/patients")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
