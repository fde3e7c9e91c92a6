"""Sessions over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from sessions_app.models import Session
from tests.sessions_app.api.client import API, as_, last_log, problem
from tests.world import SessionFactory, World


def ids(response: object) -> list[str]:
    return [session["id"] for session in response.json()["results"]]


def test_sessions_are_narrowed_to_a_patient(world: World) -> None:
    own = SessionFactory(patient=world.alices_patient)
    SessionFactory(patient=world.bobs_patient)
    assert ids(as_(world.sam).get(f"{API}/sessions", {"patient": world.alices_patient.id})) == [str(own.id)]


def test_sessions_are_narrowed_to_a_time_from_after_until_before(world: World) -> None:
    march, april = (
        SessionFactory(patient=world.alices_patient, held_at=datetime(2026, month, 1, 9, tzinfo=UTC))
        for month in (3, 4)
    )
    client = as_(world.alice)
    assert ids(client.get(f"{API}/sessions", {"held_after": "2026-04-01T09:00:00Z"})) == [str(april.id)]
    assert ids(client.get(f"{API}/sessions", {"held_before": "2026-04-01T09:00:00Z"})) == [str(march.id)]


@pytest.mark.parametrize(
    "narrow", [{"patient": "no-uuid"}, {"held_after": "soon"}, {"held_before": "\x00"}, {"patient": str(uuid4())}]
)
def test_a_filter_that_makes_no_sense_is_named(world: World, narrow: dict[str, str]) -> None:
    response = as_(world.alice).get(f"{API}/sessions", narrow)
    assert problem(response) == (400, "invalid")
    assert list(response.json()["errors"]) == list(narrow)


def test_a_list_cannot_be_narrowed_to_somebody_elses_patient(world: World) -> None:
    assert problem(as_(world.alice).get(f"{API}/sessions", {"patient": world.bobs_patient.id})) == (400, "invalid")


def test_a_counselor_adds_a_session_of_a_patient(world: World) -> None:
    body = {"patient": str(world.alices_patient.id), "held_at": "2026-03-02T10:00:00+01:00"}
    response = as_(world.alice).post(f"{API}/sessions", body, format="json")
    assert response.status_code == 201
    assert response.json()["held_at"] == "2026-03-02T09:00:00Z"
    assert Session.objects.get().created_by == world.alice
    assert as_(world.alice).get(response["Location"]).json() == response.json()


def test_somebody_elses_patient_gets_no_session_and_the_attempt_is_logged(world: World) -> None:
    body = {"patient": str(world.bobs_patient.id), "held_at": "2026-03-02T09:00:00Z"}
    response = as_(world.alice).post(f"{API}/sessions", body, format="json")
    assert problem(response) == (400, "invalid")
    assert response.json()["errors"]["patient"][0]["code"] == "does_not_exist"
    assert last_log() == ("refer_to", "patient", False)
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "held_at",
    [
        "2026-03-02T09:00:00",
        "2026-03-02",
        "yesterday",
        7,
        None,
        "0001-01-01T00:00:00Z",
        "1949-12-31T00:00:00Z",
        "2150-01-01T09:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_a_session_needs_a_time_that_can_be_meant_with_its_offset(world: World, held_at: object) -> None:
    body = {"patient": str(world.alices_patient.id), "held_at": held_at}
    response = as_(world.alice).post(f"{API}/sessions", body, format="json")
    assert problem(response) == (400, "invalid")
    assert list(response.json()["errors"]) == ["held_at"]


@pytest.mark.parametrize(("ahead", "status"), [(timedelta(minutes=5), 201), (timedelta(minutes=15), 400)])
def test_a_session_that_has_not_been_held_is_refused_unless_a_clock_may_be_wrong(
    world: World, ahead: timedelta, status: int
) -> None:
    body = {"patient": str(world.alices_patient.id), "held_at": (timezone.now() + ahead).isoformat()}
    response = as_(world.alice).post(f"{API}/sessions", body, format="json")
    assert response.status_code == status
    if status == 400:
        assert "lies in the future" in response.json()["errors"]["held_at"][0]["message"]


@pytest.mark.parametrize("patient", [7, True, ["a"], {}, "x", 2**200, None])
def test_a_patient_of_the_wrong_type_is_named(world: World, patient: object) -> None:
    body = {"patient": patient, "held_at": "2026-03-02T09:00:00Z"}
    response = as_(world.alice).post(f"{API}/sessions", body, format="json")
    assert problem(response) == (400, "invalid")
    assert list(response.json()["errors"]) == ["patient"]


def test_somebody_elses_session_is_a_404(world: World) -> None:
    session = SessionFactory(patient=world.bobs_patient)
    assert problem(as_(world.alice).get(f"{API}/sessions/{session.id}")) == (404, "not_found")
    assert last_log() == ("read", "session", False)


def test_times_are_in_utc_also_for_somebody_who_signed_in_on_the_pages(world: World) -> None:
    world.clinic.time_zone = "Asia/Tokyo"
    world.clinic.save()
    SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 3, 1, 9, tzinfo=UTC))
    client = as_(world.alice)
    client.credentials()
    client.force_login(world.alice)
    assert client.get(f"{API}/sessions").json()["results"][0]["held_at"] == "2026-03-01T09:00:00Z"
