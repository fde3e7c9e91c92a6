"""Lists that are narrowed to a patient or a session: to one's own, and to somebody else's."""

from __future__ import annotations

from uuid import uuid4

import pytest

from accounts.models import AccessLogEntry
from sessions_app.models import Recording
from tests.sessions_app.api.client import API, as_, problem
from tests.world import RecordingFactory, SessionFactory, World

BY_PATIENT = ["sessions", "recordings", "analyses"]
BY_SESSION = ["recordings", "analyses"]


@pytest.fixture
def birchs(world: World) -> Recording:
    """A recording that Alice may not see."""
    return RecordingFactory(session=SessionFactory(patient=world.bobs_patient))


@pytest.mark.parametrize("route", BY_PATIENT)
@pytest.mark.parametrize("whose", ["bobs_patient", "mallorys_patient"])
def test_somebody_elses_patient_is_a_field_error_and_leaves_one_refused_row(
    world: World, route: str, whose: str
) -> None:
    stranger = getattr(world, whose).id
    response = as_(world.alice).get(f"{API}/{route}", {"patient": stranger})
    assert problem(response) == (400, "invalid")
    assert "not yours to see" in response.json()["errors"]["patient"][0]["message"]
    row = AccessLogEntry.objects.get()
    assert (row.action, row.object_kind, row.object_id, row.patient_id, row.allowed) == (
        "refer_to",
        "patient",
        stranger,
        stranger,
        False,
    )


@pytest.mark.parametrize("route", BY_SESSION)
def test_somebody_elses_session_is_a_field_error_and_leaves_one_refused_row(
    world: World, birchs: Recording, route: str
) -> None:
    response = as_(world.alice).get(f"{API}/{route}", {"session": birchs.session_id})
    assert problem(response) == (400, "invalid")
    assert list(response.json()["errors"]) == ["session"]
    row = AccessLogEntry.objects.get()
    assert (row.action, row.object_kind, row.object_id, row.allowed) == (
        "refer_to",
        "session",
        birchs.session_id,
        False,
    )


@pytest.mark.parametrize("route", BY_SESSION)
def test_a_session_of_nobody_is_answered_like_somebody_elses(world: World, birchs: Recording, route: str) -> None:
    client = as_(world.alice)
    answers = [client.get(f"{API}/{route}", {"session": one}) for one in (uuid4(), birchs.session_id)]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("narrow", [{"patient": "no-id"}, {"session": "no-id"}, {"session": "\x00"}, {"patient": "1"}])
def test_what_is_no_id_is_a_field_error_and_refers_to_nobody(world: World, narrow: dict[str, str]) -> None:
    response = as_(world.alice).get(f"{API}/recordings", narrow)
    assert problem(response) == (400, "invalid")
    assert list(response.json()["errors"]) == list(narrow)
    assert not AccessLogEntry.objects.exists()


@pytest.mark.parametrize("route", BY_PATIENT)
def test_a_list_that_is_narrowed_to_a_patient_names_them_in_the_access_log(world: World, route: str) -> None:
    assert as_(world.alice).get(f"{API}/{route}", {"patient": world.alices_patient.id}).status_code == 200
    row = AccessLogEntry.objects.get()
    assert (row.action, row.patient_id, row.allowed) == ("list", world.alices_patient.id, True)


@pytest.mark.parametrize("route", BY_SESSION)
def test_a_list_that_is_narrowed_to_a_session_holds_its_rows(world: World, route: str) -> None:
    session = SessionFactory(patient=world.alices_patient)
    RecordingFactory(session=session)
    response = as_(world.alice).get(f"{API}/{route}", {"session": session.id})
    assert len(response.json()["results"]) == (1 if route == "recordings" else 0)


def test_a_filter_that_a_list_does_not_have_is_ignored_and_not_logged_as_a_read(world: World) -> None:
    client = as_(world.alice)
    for asked in ("abc", str(world.mallorys_patient.id)):
        assert client.get(f"{API}/patients", {"patient": asked}).status_code == 200
    assert set(AccessLogEntry.objects.values_list("action", "patient_id")) == {("list", None)}
