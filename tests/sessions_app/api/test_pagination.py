"""Walking through lists."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import User
from sessions_app.models import Session
from tests.sessions_app.api.client import API, as_, problem
from tests.world import RecordingFactory, SessionFactory, World, analysed


def walk(user: User, address: str, way: str = "next") -> list[list[str]]:
    """The ids of every page from ``address`` on."""
    client, pages, url = as_(user), [], address
    while url:
        body = client.get(url).json()
        pages.append([row["id"] for row in body["results"]])
        url = body[way]
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [row for page in pages for row in page]


def held(world: World, *days: int) -> list[Session]:
    return [SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 3, day, 9, tzinfo=UTC)) for day in days]


def test_pages_give_every_row_once_latest_first(world: World) -> None:
    sessions = held(world, 1, 2, 3, 4, 5)
    pages = walk(world.alice, f"{API}/sessions?page_size=2")
    assert [len(page) for page in pages] == [2, 2, 1]
    assert flat(pages) == [str(session.id) for session in reversed(sessions)]


def test_rows_of_the_same_time_are_neither_lost_nor_repeated(world: World) -> None:
    sessions = held(world, *[7] * 7)
    found = flat(walk(world.alice, f"{API}/sessions?page_size=2"))
    assert sorted(found) == sorted(str(session.id) for session in sessions)


def test_walking_back_gives_the_same_pages(world: World) -> None:
    held(world, 1, 2, 2, 2, 3)
    forward = walk(world.alice, f"{API}/sessions?page_size=2")
    last = as_(world.alice).get(f"{API}/sessions?page_size=2").json()["next"]
    last = as_(world.alice).get(last).json()["next"]
    assert walk(world.alice, last, way="previous") == list(reversed(forward))


def test_a_row_that_is_added_meanwhile_moves_no_page(world: World) -> None:
    old = held(world, 1, 2, 3, 4)
    first = as_(world.alice).get(f"{API}/sessions?page_size=2").json()
    held(world, 9)
    second = as_(world.alice).get(first["next"]).json()
    assert [row["id"] for row in second["results"]] == [str(old[1].id), str(old[0].id)]


def test_a_huge_page_is_cut_to_200_rows(world: World) -> None:
    one = held(world, 1)[0]
    Session.objects.bulk_create(
        Session(patient=world.alices_patient, held_at=one.held_at, created_by=world.alice) for _ in range(220)
    )
    assert len(as_(world.alice).get(f"{API}/sessions?page_size=1000000").json()["results"]) == 200


@pytest.mark.parametrize("size", ["0", "-1", "many", "1e9", "9" * 5000])
def test_a_page_size_that_makes_no_sense_gives_the_usual_page(world: World, size: str) -> None:
    held(world, 1)
    assert len(as_(world.alice).get(f"{API}/sessions", {"page_size": size}).json()["results"]) == 1


def token(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "\x00",
        "é",
        token(None),
        token(["yesterday", "0" * 32, False]),
        token(["2026-01-01", 7, False]),
        token(["0001-01-01T00:00:00+23:59", "0" * 32, False]),
        token([[], {}, 1]),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_a_cursor_that_undertone_did_not_give_is_a_400(world: World, cursor: str) -> None:
    assert problem(as_(world.alice).get(f"{API}/sessions", {"cursor": cursor})) == (400, "invalid")


def test_a_cursor_shows_nobody_elses_rows(world: World) -> None:
    held(world, 1, 2, 3)
    following = as_(world.alice).get(f"{API}/sessions?page_size=1").json()["next"]
    assert as_(world.mallory).get(following).json()["results"] == []


@pytest.mark.parametrize("resource", ["patients", "sessions", "recordings", "analyses"])
@pytest.mark.parametrize("rows", [3, 30])
def test_a_long_list_costs_as_many_queries_as_a_short_one(
    world: World, resource: str, rows: int, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        patient = world.alices_patient if number % 2 else world.bobs_patient
        session = SessionFactory(patient=patient)
        analysed(session)
        RecordingFactory(session=session)
    client = as_(world.robot)
    # the token with its user, the rows, the access log, who is on the page and a row for each; analyses also: consents
    with django_assert_num_queries({"analyses": 6, "recordings": 6}.get(resource, 5)):
        response = client.get(f"{API}/{resource}")
    assert response.status_code == 200
