"""Where somebody is signed in, and what signs them out there."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

import tenancy
from accounts.devices import sessions_end
from accounts.idle import BEGAN, SEEN
from accounts.models import AccessLogEntry, Role
from accounts.tasks import tidy_sessions
from tests.pages import signed_in, text
from tests.world import PASSWORD, World

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def here(world: World) -> Client:
    """Alice's browser."""
    return by_the_form(world, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36")


@pytest.fixture
def there(world: World) -> Client:
    """Another browser of hers."""
    return by_the_form(world, FIREFOX)


def by_the_form(world: World, agent: str) -> Client:
    client = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR="198.51.100.7")
    client.post("/sign-in/", {"username": world.alice.email, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def only_other(client: Client) -> str:
    (button,) = [form for form in client.get("/account/devices/").content.decode().split('"') if form.endswith("/end/")]
    return button


def test_each_browser_is_listed_with_its_address(here: Client, there: Client) -> None:
    page = text(here.get("/account/devices/"))
    assert "Chrome on Linux this browser 198.51.100.7" in page
    assert "Firefox on Windows 198.51.100.7" in page


def test_one_signs_oneself_out_elsewhere(world: World, here: Client, there: Client) -> None:
    assert "You were signed out there." in text(here.post(only_other(here), follow=True))
    assert is_in(here)
    assert not is_in(there)
    row = AccessLogEntry.objects.get(action="end_session")
    assert (row.actor_id, row.object_id) == (world.alice.id, world.alice.id)


def test_nobody_signs_somebody_else_out(world: World, here: Client, there: Client) -> None:
    address = only_other(here)
    assert signed_in(world.bob).post(address).status_code == 404
    assert is_in(there)


def test_a_session_that_ended_is_listed_no_more(here: Client, there: Client) -> None:
    there.post("/sign-out/")
    assert "Firefox" not in text(here.get("/account/devices/"))


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(here: Client, there: Client) -> None:
    new = "seven green umbrellas"
    here.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert is_in(here)
    assert not is_in(there)


def test_another_role_ends_every_session(world: World, here: Client, there: Client) -> None:
    world.alice.role = Role.STAFF
    world.alice.save()
    assert not is_in(here)
    assert not is_in(there)


def test_being_switched_off_ends_every_session(world: World, here: Client) -> None:
    world.alice.is_active = False
    world.alice.save()
    assert not is_in(here)


def test_all_sessions_of_somebody_can_be_ended(world: World, here: Client, there: Client) -> None:
    sessions_end(world.alice)
    assert not is_in(here)
    assert not is_in(there)


def test_of_a_session_that_is_over_nothing_is_kept(world: World, here: Client, there: Client) -> None:
    Session.objects.filter(session_key=there.session.session_key).update(expire_date=timezone.now())
    with tenancy.nobody():
        tidy_sessions()
    assert Session.objects.count() == 1
    assert UserSession.objects.get().session_key == here.session.session_key


def test_who_did_nothing_there_for_too_long_is_not_listed_there(here: Client, there: Client) -> None:
    assert is_in(there)
    was = there.session
    was[SEEN] -= 15 * 60 + 1
    was.save()
    assert "Firefox" not in text(here.get("/account/devices/"))


def test_neither_is_who_began_there_more_than_a_working_day_ago(here: Client, there: Client) -> None:
    assert is_in(there)
    was = there.session
    was[BEGAN] -= 12 * 60 * 60 + 1
    was.save()
    assert "Firefox" not in text(here.get("/account/devices/"))
