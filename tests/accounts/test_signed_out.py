"""What a browser keeps of somebody: nothing but cookies that say nothing, and no copy once they have signed out."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from accounts.idle import SEEN
from accounts.models import Role
from tests.pages import signed_in
from tests.security.every import Asker, taking
from tests.world import PASSWORD, World


def test_signing_out_clears_what_the_browser_kept_of_the_pages(world: World) -> None:
    answer = signed_in(world.alice).post("/sign-out/")
    assert answer.headers["Clear-Site-Data"] == '"cache"'


def test_so_does_being_signed_out_for_doing_nothing(world: World) -> None:
    client = signed_in(world.alice)
    session = client.session
    session[SEEN] -= 16 * 60
    session.save()
    assert client.get("/").headers["Clear-Site-Data"] == '"cache"'
    assert "Clear-Site-Data" not in client.get("/sign-in/").headers


def test_what_a_page_says_next_is_in_no_cookie(world: World) -> None:
    client = signed_in(world.ada)
    answer = client.post(f"/clinic/people/{world.alice.id}/role/", {"role": Role.STAFF})
    assert answer.status_code == 302
    assert set(answer.cookies) <= {django_settings.SESSION_COOKIE_NAME, django_settings.CSRF_COOKIE_NAME}
    assert world.alice.display_name in client.get(answer.headers["Location"]).content.decode()


def test_no_page_leaves_a_cookie_but_the_three_that_are_known(world: World) -> None:
    known = {django_settings.SESSION_COOKIE_NAME, django_settings.CSRF_COOKIE_NAME, "known_device"}
    client = Client()
    client.post("/sign-in/", {"username": world.alice.email, "password": PASSWORD})
    assert set(client.cookies) <= known
    for user in (world.alice, world.ada):
        asker = Asker(user)
        for method in ("GET", "POST"):
            for route in taking(method, api=False):
                if not route.parameters:
                    assert set(asker.ask(method, route, {}).cookies) <= known, route


def test_where_there_is_https_each_is_of_this_host_alone(world: World, settings: Settings) -> None:
    settings.COOKIE_PREFIX = "__Host-"
    settings.SESSION_COOKIE_SECURE = True
    client = Client()
    client.post("/sign-in/", {"username": world.alice.email, "password": PASSWORD}, secure=True)
    cookie = client.cookies["__Host-known_device"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
