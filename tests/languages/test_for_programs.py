"""What programs are given is in English, whichever language who asks is spoken to in: the API, and files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from rest_framework.test import APIClient

from accounts.models import AffectPolicy, User
from inference.models import JobState
from sessions_app import erasure, exports
from sessions_app.errors import AffectSwitchedOff, ConsentMissing
from sessions_app.models import Consent, ErasureReport, Recording
from tests.pages import signed_in, text
from tests.sessions_app.api.client import API, as_
from tests.world import (
    QuestionnaireFactory,
    RecordingFactory,
    SessionFactory,
    World,
    analysed,
    annotation_of,
    flag_of,
)

NOBODYS = "5b0f3c52-6f4e-4c57-9d3c-0c7f4f6f1a11"
PAGES = (
    "patients/?page_size=x",
    "patients/{patient}",
    "patients/{patient}/consents",
    "sessions?patient={patient}",
    "sessions/{session}",
    "recordings",
    "recordings/{recording}/analyses",
    "jobs/{job}",
    "jobs/{failed}",
    "analyses",
    "analyses/{analysis}",
    "analyses/{analysis}/timeline",
    "schema",
    "nowhere",
    f"patients/{NOBODYS}",
)
CONSENTS: tuple[dict[str, object], ...] = (
    {},
    {"given_on": "2999-01-01", "text_version": "1", "recording": True},
    {"given_on": "1900-01-01", "text_version": "1", "recording": True},
    {"given_on": "2026-03-01", "text_version": "1"},
    {"given_on": "2026-03-01", "text_version": "1", "recording": True, "live": True, "method": "guessed"},
)


@pytest.fixture
def recording(world: World) -> Recording:
    """One with scores, of a patient of whom there is something of each kind; its clinic hides the scores."""
    found = analysed(SessionFactory(patient=world.alices_patient))
    QuestionnaireFactory(patient=world.alices_patient)
    annotation_of(world.alices_patient)
    flag_of(world.alices_patient)
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()
    return found


def in_each_language(user: User) -> Iterator[APIClient]:
    for language in ("en", "es"):
        user.language = language
        user.save()
        client = as_(user)
        client.credentials(HTTP_ACCEPT_LANGUAGE=language, **client._credentials)
        yield client


def told(answer: Any) -> Any:
    """What an answer says, but for what names the request."""
    if "json" not in answer["Content-Type"]:
        return answer.content
    body = answer.json()
    return {key: value for key, value in body.items() if key != "request_id"} if isinstance(body, dict) else body


@pytest.mark.parametrize("page", PAGES)
def test_the_api_says_the_same_whichever_language_is_asked_for(world: World, recording: Recording, page: str) -> None:
    refused = {"job__state": JobState.FAILED, "job__error_code": "not_audio", "job__error_message": "No audio."}
    failed = RecordingFactory(session=recording.session, **refused)
    about = {
        "patient": world.alices_patient.id,
        "session": recording.session_id,
        "recording": recording.id,
        "job": recording.job_id,
        "failed": failed.job_id,
        "analysis": recording.analysis_id,
    }
    english, spanish = [told(client.get(f"{API}/{page.format(**about)}")) for client in in_each_language(world.alice)]
    assert english == spanish


@pytest.mark.parametrize("sent", CONSENTS)
def test_the_api_refuses_in_english(world: World, sent: dict[str, object]) -> None:
    address = f"{API}/patients/{world.alices_patient.id}/consents"
    english, spanish = [client.post(address, sent, format="json") for client in in_each_language(world.alice)]
    assert english.status_code == spanish.status_code == 400
    assert told(english) == told(spanish)


def test_the_api_tells_a_rule_of_the_clinic_in_english(world: World) -> None:
    Consent.objects.all().delete()
    session = SessionFactory(patient=world.alices_patient)
    for client in in_each_language(world.alice):
        sent = {"session": session.id, "file": SimpleUploadedFile("session.wav", b"RIFF some sound")}
        assert client.post(f"{API}/recordings", sent).json()["detail"] == ConsentMissing.message


def test_a_spreadsheet_is_in_english(world: World, recording: Recording) -> None:
    analysed(recording.session)
    files = []
    for language in ("en", "es"):
        world.alice.language = language
        world.alice.save()
        files.append(signed_in(world.alice).post(f"/patients/{world.alices_patient.id}/numbers/export/").content)
    english, spanish = files
    assert english.decode() == spanish.decode()
    for words in ("mild", "Life event", "recording 1 of 2"):
        assert words in spanish.decode()


@pytest.mark.usefixtures("recording")
def test_an_archive_is_in_english(world: World) -> None:
    archives = []
    for language in ("en", "es"):
        with translation.override(language):
            export = exports.patient_export(user=world.alice, patient=world.alices_patient)
            archives.append(zipfile.ZipFile(io.BytesIO(b"".join(export.parts()))))
    english, spanish = archives
    names = [name for name in english.namelist() if "accesses" not in name]
    assert AffectSwitchedOff.message in spanish.read("README.txt").decode()
    assert AffectSwitchedOff.message in spanish.read("json/analyses.json").decode()
    for name in names:
        assert english.read(name).decode() == spanish.read(name).decode()


def test_a_reason_is_kept_in_english_and_told_in_the_language_of_who_asks(world: World) -> None:
    with translation.override("es"):
        assert str(ConsentMissing()) != ConsentMissing.message
        assert ConsentMissing().message.startswith("Ningún consentimiento")
    assert ConsentMissing().message == ConsentMissing.message


def test_a_report_of_an_erasure_is_kept_in_english_and_read_in_spanish(world: World, recording: Recording) -> None:
    world.alice.language = "es"
    world.alice.save()
    with translation.override("es"):
        report = erasure.patient_erase(user=world.alice, patient=world.alices_patient)
    assert report
    assert ErasureReport.objects.get(id=report.id).counts["recordings"] == 1
    page = text(signed_in(world.alice).get(f"/erasures/{report.id}/"))
    assert "Grabaciones" in page
    assert "Recordings" not in page
