"""Alive and ready, as whatever starts and stops the web process asks."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import AccessLogEntry
from config import health
from inference.models import Worker
from tests.pages import signed_in
from tests.world import World

LIVE, READY = "/health/live", "/health/ready"
NOWHERE = "redis://127.0.0.1:1/0"


@contextmanager
def mute_server() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def database_elsewhere(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Where the health check looks for the database; this thread's own connection stays where it is."""
    elsewhere = connections.settings["default"] | {"HOST": "127.0.0.1", "OPTIONS": {}}
    monkeypatch.setitem(connections.settings, "default", elsewhere)
    # Threads that asked before have a connection of before.
    monkeypatch.setattr(health, "_threads", health.ThreadPoolExecutor(max_workers=4))
    return elsewhere


def test_a_process_that_answers_is_alive_and_touches_no_database(world: World) -> None:
    client = signed_in(world.ada)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(LIVE)
    assert (response.status_code, response.json()) == (200, {"live": True})
    assert list(captured) == []


@pytest.mark.django_db
def test_with_database_and_redis_it_is_ready_also_without_a_worker(client: Client) -> None:
    response = client.get(READY)
    workers = {"alive": 0, "ready": 0}
    assert response.json() == {"ready": True, "database": "ok", "redis": "ok", "workers": workers}
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db(transaction=True)
def test_workers_are_told_of(client: Client) -> None:
    Worker.objects.create(host="here", pid=1)
    Worker.objects.create(host="here", pid=2, checkpoint_name="undertone-demo", checkpoint_version="1")
    assert client.get(READY).json()["workers"] == {"alive": 2, "ready": 1}


@pytest.mark.django_db
def test_without_redis_it_is_not_ready_and_says_which_without_its_address(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = NOWHERE
    response = client.get(READY)
    assert response.status_code == 503
    body = response.json()
    assert (body["ready"], body["database"], body["redis"]) == (False, "ok", "does not answer")
    assert "127.0.0.1" not in response.content.decode()


@pytest.mark.django_db
def test_without_its_database_it_is_not_ready_and_says_which(
    client: Client, database_elsewhere: dict[str, object]
) -> None:
    database_elsewhere["PORT"] = "1"
    response = client.get(READY)
    assert response.status_code == 503
    assert response.json() == {"ready": False, "database": "does not answer", "redis": "ok", "workers": None}


@pytest.mark.django_db
def test_servers_that_never_answer_cost_no_more_than_the_time_limit(
    client: Client, settings: Settings, database_elsewhere: dict[str, object]
) -> None:
    with mute_server() as port:
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        database_elsewhere["PORT"] = str(port)
        began = time.monotonic()
        response = client.get(READY)
    assert response.status_code == 503
    assert time.monotonic() - began < health.LONGEST_SECONDS + 1
    assert (response.json()["database"], response.json()["redis"]) == ("does not answer", "does not answer")


@pytest.mark.django_db
def test_tables_of_an_earlier_version_are_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "pending_migrations", lambda: 1)
    response = client.get(READY)
    assert (response.status_code, response.json()["database"]) == (503, "tables are not up to date")


@pytest.mark.django_db
@pytest.mark.parametrize("address", [LIVE, READY])
def test_a_probe_by_address_and_without_tls_is_answered(client: Client, settings: Settings, address: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["undertone.willow.example"]
    assert client.get("/sign-in/", headers={"Host": "undertone.willow.example"}).status_code == 301
    assert client.get(address, headers={"Host": "10.1.2.3:8000"}).status_code == 200


def test_a_probe_leaves_no_access_log_entry_and_gets_no_cookie(world: World) -> None:
    client = signed_in(world.ada)
    for address in (LIVE, READY):
        assert client.get(address).cookies == {}
    assert AccessLogEntry.objects.count() == 0


@pytest.mark.parametrize("address", [LIVE, READY])
def test_a_probe_only_reads(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405
