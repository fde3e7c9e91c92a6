"""A patient's consents in the API."""

from __future__ import annotations

import pytest

from accounts.models import AccessLogEntry
from inference.models import AnalysisJob, JobState
from sessions_app.models import Consent, Scope
from tests.sessions_app.api.client import API, as_, last_log, problem
from tests.world import RecordingFactory, SessionFactory, World

GIVEN = {"given_on": "2026-03-01", "text_version": "2026-01", "recording": True, "voice_analysis": True}


def address(world: World, rest: str = "") -> str:
    return f"{API}/patients/{world.alices_patient.id}/consents{rest}"


def test_a_consent_is_recorded_with_what_it_covers_and_who_took_it(world: World) -> None:
    sent = {**GIVEN, "method": "electronic", "expires_on": "2027-03-01", "research": True}
    answer = as_(world.sam).post(address(world), sent, format="json")
    assert answer.status_code == 201
    consent = Consent.objects.get(id=answer.json()["id"])
    assert consent.scopes == [Scope.RECORDING, Scope.VOICE_ANALYSIS, Scope.RESEARCH]
    assert (consent.patient, consent.taken_by, consent.method) == (world.alices_patient, world.sam, "electronic")
    assert last_log() == ("create", "consent", True)


def test_all_consents_are_listed_newest_first_and_the_list_is_logged(world: World) -> None:
    as_(world.sam).post(address(world), GIVEN, format="json")
    listed = as_(world.alice).get(address(world)).json()
    assert [consent["given_on"] for consent in listed] == ["2026-03-01", "2020-01-01"]
    assert last_log() == ("list", "consent", True)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({**GIVEN, "given_on": "2999-01-01"}, "given_on"),
        ({**GIVEN, "method": "guessed"}, "method"),
        ({**GIVEN, "recording": False, "voice_analysis": False}, "voice_analysis"),
        ({**GIVEN, "voice_analysis": False, "live": True}, "live"),
        ({"recording": True}, "text_version"),
    ],
)
def test_what_cannot_be_meant_is_an_error_of_its_field(world: World, sent: dict[str, object], field: str) -> None:
    answer = as_(world.sam).post(address(world), sent, format="json")
    assert problem(answer) == (400, "invalid")
    assert field in answer.json()["errors"]
    assert Consent.objects.filter(patient=world.alices_patient).count() == 1


def test_who_took_a_consent_and_when_it_was_withdrawn_cannot_be_sent(world: World) -> None:
    forged = {
        "taken_by": str(world.ada.id),
        "withdrawn_at": "2020-01-01T00:00:00Z",
        "patient": str(world.bobs_patient.id),
    }
    answer = as_(world.sam).post(address(world), GIVEN | forged, format="json").json()
    assert (answer["taken_by"], answer["withdrawn_at"]) == (str(world.sam.id), None)
    assert answer["patient"] == str(world.alices_patient.id)


def test_a_withdrawal_ends_all_consents_and_open_analyses(world: World) -> None:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    answer = as_(world.alice).post(address(world, "/withdraw"))
    assert [consent["withdrawn_by"] for consent in answer.json()] == [str(world.alice.id)]
    assert not world.alices_patient.consents.standing().exists()
    assert AnalysisJob.objects.get(id=recording.job_id).state == JobState.CANCELLED


@pytest.mark.parametrize(("who", "status"), [("bob", 404), ("mallory", 404), ("ada", 403), ("robot", 403)])
@pytest.mark.parametrize("rest", ["", "/withdraw"])
def test_others_can_neither_record_nor_withdraw(world: World, who: str, status: int, rest: str) -> None:
    answer = as_(getattr(world, who)).post(address(world, rest), GIVEN, format="json")
    assert problem(answer)[0] == status
    assert AccessLogEntry.objects.get().allowed is False
    assert world.alices_patient.consents.standing().count() == 1
