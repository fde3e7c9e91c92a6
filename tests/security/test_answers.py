"""Answers of every route: what kind they are, whom they are for, and which methods there are not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Clinic
from tests.pages import signed_in
from tests.security.comers import belongings
from tests.security.every import Asker, taking
from tests.security.routes import routes
from tests.sessions_app.api.client import as_
from tests.world import World

OTHERS = "https://evil.example"


def answers(world: World, method: str = "GET", **more: Any) -> Any:
    """Each route's answer to those who may come, with the objects of Alice's patient."""
    ids = belongings(world)[0].ids
    for user in (world.alice, world.sam, world.ada):
        asker = Asker(user)
        for route in taking(method):
            yield route, asker.ask(method, route, ids, **more)


def test_each_says_what_it_is_and_text_in_which_characters(world: World) -> None:
    seen = set()
    for route, answer in answers(world):
        kind = answer.headers.get("Content-Type", "")
        seen.add(kind)
        assert kind or (not answer.streaming and not answer.content), route
        if kind.startswith("text/") or kind.endswith(("+xml", "/xml")):
            assert "charset=utf-8" in kind.lower().replace('"', ""), route
    assert {"text/html; charset=utf-8", "application/json"} <= seen


def test_so_do_the_figures_for_who_may_not_read_them(settings: Any) -> None:
    settings.METRICS_TOKEN = "a" * 40
    assert Client().get("/metrics").headers["Content-Type"] == "text/plain; charset=utf-8"


def test_no_answer_is_for_pages_of_other_sites(world: World) -> None:
    for method in ("GET", "OPTIONS"):
        for route, answer in answers(world, method, headers={"Origin": OTHERS}):
            assert "Access-Control-Allow-Origin" not in answer.headers, route


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND"])
def test_a_method_that_nobody_needs_is_refused(world: World, method: str) -> None:
    ids = belongings(world)[0].ids
    asker = Asker(world.alice)
    for route in routes():
        answer = asker.ask(method, route, ids, headers={"X-Secret": "zqx"})
        assert answer.status_code in {404, 405}, (route, answer.status_code)
        assert answer.streaming or b"zqx" not in answer.content


@pytest.mark.parametrize(
    "address",
    [
        *("/.git/HEAD", "/.git/", "/.gitignore", "/.svn/entries", "/.hg/store", "/static/../.git/HEAD"),
        *("/static/%2e%2e/.git/HEAD", "/static/.git/HEAD", "/.ci/run", "/requirements.lock", "/pyproject.toml"),
        *("/config/settings.py", "/accounts/models.py", "/docs/security.md", "/tests/", "/static/", "/static/js/"),
        *("/.demo/secret_key", "/staticfiles/", "/media/"),
    ],
)
def test_neither_source_nor_its_history_nor_a_list_of_files_is_served(db: None, address: str) -> None:
    assert Client().get(address).status_code == 404


def test_every_page_has_the_way_out(world: World) -> None:
    pages = 0
    for route, answer in answers(world):
        content = "" if answer.streaming else answer.content.decode(errors="replace")
        if "<html" in content and answer.status_code == 200 and not route.is_api:
            assert 'action="/sign-out/"' in content, route
            pages += 1
    assert pages > 30


def test_a_field_in_the_address_is_no_field_of_the_form(world: World) -> None:
    signed_in(world.ada).post("/clinic/policy/?policy=off", {})
    assert Clinic.objects.get(id=world.clinic.id).affect_policy == "on"


def test_of_a_filter_that_is_said_twice_the_last_one_counts_and_opens_nothing(world: World) -> None:
    mine, other = world.alices_patient.id, world.bobs_patient.id
    for first, last in ((mine, other), (other, mine)):
        answer = as_(world.alice).get(f"/api/v1/sessions?patient={first}&patient={last}")
        assert answer.status_code == (200 if last == mine else 400)
