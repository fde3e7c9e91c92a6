"""Bringing a recording in from the patient's page, with and without JavaScript."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sessions_app.models import Consent, PatientChannel, Recording, Session
from tests.pages import HTMX, signed_in, text
from tests.world import World


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def send(client: Client, patient: Any, *, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    form = {"held_at": "2026-03-02T09:00", "patient_channel": "", "file": recording()} | changes
    return client.post(f"/patients/{patient.id}/sessions/", form, headers=headers)


def recording(content: bytes = b"some sound") -> SimpleUploadedFile:
    return SimpleUploadedFile("monday.wav", content, "audio/wav")


def test_a_posted_form_keeps_the_recording_and_returns_to_the_patient(world: World) -> None:
    client = signed_in(world.sam)
    response = send(client, world.alices_patient, patient_channel="left")
    assert response.headers["Location"] == f"/patients/{world.alices_patient.id}/"
    kept = Recording.objects.get()
    assert (kept.session.patient, kept.patient_channel) == (world.alices_patient, PatientChannel.LEFT)
    assert "The recording was received." in text(client.get(response.headers["Location"]))


def test_the_time_is_read_in_the_clinics_time_zone(world: World) -> None:
    world.clinic.time_zone = "America/New_York"
    world.clinic.save()
    send(signed_in(world.sam), world.alices_patient, held_at="2026-03-02T09:00")
    assert Session.objects.get().held_at == datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def test_a_script_is_answered_with_the_new_list(world: World) -> None:
    response = send(signed_in(world.alice), world.alices_patient, headers=HTMX)
    assert response.status_code == 201
    assert "Waiting its turn" in response.content.decode()
    assert "<html" not in response.content.decode()


def test_a_form_sent_twice_makes_one_session_and_one_recording(world: World) -> None:
    for _ in range(2):
        send(signed_in(world.sam), world.alices_patient)
    assert (Session.objects.count(), Recording.objects.count()) == (1, 1)


def test_an_empty_file_is_refused_with_its_sentence_and_leaves_no_session(world: World) -> None:
    response = send(signed_in(world.sam), world.alices_patient, headers=HTMX, file=recording(b""))
    assert response.status_code == 422
    assert "This file is empty." in response.content.decode()
    assert "(empty_file)" in response.content.decode()
    assert not Session.objects.exists()


def test_a_missing_file_is_asked_for(world: World) -> None:
    response = signed_in(world.sam).post(
        f"/patients/{world.alices_patient.id}/sessions/", {"held_at": "2026-03-02T09:00"}
    )
    assert response.status_code == 422
    assert "Please choose a recording." in response.content.decode()


def test_a_session_in_the_future_is_refused(world: World) -> None:
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    response = send(signed_in(world.sam), world.alices_patient, held_at=tomorrow)
    assert "This time lies in the future." in response.content.decode()
    assert not Recording.objects.exists()


def test_a_session_of_a_year_that_cannot_be_meant_is_refused_with_its_sentence(world: World) -> None:
    response = send(signed_in(world.sam), world.alices_patient, held_at="1926-03-02T09:00")
    assert response.status_code == 422
    assert "Please give a day after 1950." in response.content.decode()
    assert not Session.objects.exists()


def test_a_day_without_consent_is_refused_with_its_sentence(world: World) -> None:
    Consent.objects.filter(patient=world.alices_patient).delete()
    response = send(signed_in(world.sam), world.alices_patient)
    assert response.status_code == 422
    assert not Session.objects.exists()


def test_nobody_uploads_for_a_patient_they_may_not_see(world: World) -> None:
    assert send(signed_in(world.alice), world.bobs_patient).status_code == 404
    assert not Recording.objects.exists()


def test_the_administrator_may_not_upload(world: World) -> None:
    assert send(signed_in(world.ada), world.alices_patient).status_code == 403


def test_a_form_without_its_token_is_refused(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.sam)
    response = send(client, world.alices_patient)
    assert response.status_code == 403
    assert "This form is out of date" in response.content.decode()
