"""A session ends when nothing is done, and what a page asks by itself does not keep it awake."""

from __future__ import annotations

import time

import pytest
from django.conf import settings
from django.test import Client

from accounts.idle import BEGAN, REPEATED, SEEN
from accounts.models import AccessLogEntry
from tests.pages import HTMX, signed_in, text
from tests.world import World

MINUTE = 60.0
CLOCK = {REPEATED: "true"}


def idle_for(client: Client, seconds: float) -> Client:
    """As if nothing had been done for so long."""
    session = client.session
    session[SEEN] = time.time() - seconds
    session.save()
    return client


def test_who_did_nothing_for_15_minutes_is_signed_out_and_told_why(world: World) -> None:
    client = idle_for(signed_in(world.alice), 15 * MINUTE + 1)
    assert "You were signed out, because nothing was done here for a while." in text(client.get("/", follow=True))
    row = AccessLogEntry.objects.get(action="time_out")
    assert (row.actor_id, row.object_id) == (world.alice.id, world.alice.id)


def test_the_page_that_was_asked_for_comes_after_signing_in_again(world: World) -> None:
    client = idle_for(signed_in(world.alice), 15 * MINUTE + 1)
    assert client.get("/account/password/").headers["Location"] == "/sign-in/?next=/account/password/"


def test_who_did_something_14_minutes_ago_is_not(world: World) -> None:
    assert idle_for(signed_in(world.alice), 14 * MINUTE).get("/").status_code == 200


def test_what_is_done_begins_the_time_anew(world: World) -> None:
    client = idle_for(signed_in(world.alice), 14 * MINUTE)
    client.get("/")
    assert time.time() - client.session[SEEN] < MINUTE


def test_what_a_page_asks_by_the_clock_does_not(world: World) -> None:
    client = idle_for(signed_in(world.alice), 14 * MINUTE)
    assert client.get("/notices/", headers=HTMX | CLOCK).status_code == 200
    assert time.time() - client.session[SEEN] > 13 * MINUTE


def test_a_part_of_a_page_that_asks_too_late_leads_to_the_sign_in_page(world: World) -> None:
    client = idle_for(signed_in(world.alice), 16 * MINUTE)
    answer = client.get(f"/patients/{world.alices_patient.id}/sessions/", headers=HTMX | CLOCK)
    assert answer.headers["HX-Redirect"] == "/sign-in/"


def test_a_session_ends_after_12_hours_whatever_is_done(world: World) -> None:
    client = signed_in(world.alice)
    session = client.session
    session[BEGAN] = time.time() - settings.SESSION_COOKIE_AGE - 1
    session.save()
    assert "a session lasts for a working day at most" in text(client.get("/", follow=True))


def test_the_clinic_says_how_long(world: World) -> None:
    assert signed_in(world.ada).post("/clinic/idle/", {"minutes": 30}).status_code == 302
    assert idle_for(signed_in(world.alice), 20 * MINUTE).get("/").status_code == 200
    assert idle_for(signed_in(world.mallory), 20 * MINUTE).get("/").status_code == 302
    assert AccessLogEntry.objects.get(action="set_idle_minutes").object_id == world.clinic.id


@pytest.mark.parametrize("minutes", ["4", "61", "0", "-15", "many", ""])
def test_less_than_5_and_more_than_60_minutes_are_refused(world: World, minutes: str) -> None:
    answer = signed_in(world.ada).post("/clinic/idle/", {"minutes": minutes}, follow=True)
    assert "Please give 5 to 60 minutes." in text(answer)
    world.clinic.refresh_from_db()
    assert world.clinic.idle_minutes == 15


@pytest.mark.parametrize("who", ["alice", "sam"])
def test_others_may_not_say_how_long(world: World, who: str) -> None:
    assert signed_in(getattr(world, who)).post("/clinic/idle/", {"minutes": 30}).status_code == 403


def test_a_page_is_told_how_long_its_reader_has_left(world: World) -> None:
    client = idle_for(signed_in(world.alice), 10 * MINUTE)
    left = client.get("/account/session/", headers=CLOCK).json()["seconds"]
    assert 4 * MINUTE < left <= 5 * MINUTE
    assert idle_for(client, 16 * MINUTE).get("/account/session/", headers=CLOCK).status_code == 401
