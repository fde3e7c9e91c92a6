"""Trying a failed analysis again."""

from __future__ import annotations

import pytest

from accounts.models import AccessLogEntry
from inference.models import AnalysisJob, JobState
from sessions_app.models import Recording
from tests.pages import HTMX, signed_in, text
from tests.world import RecordingFactory, SessionFactory, World


@pytest.fixture
def failed(world: World) -> Recording:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    AnalysisJob.objects.filter(id=recording.job_id).update(
        state=JobState.FAILED, error_code="machine_trouble", error_message="The server ran out of memory."
    )
    return recording


def test_trying_again_queues_the_job_and_shows_the_list(world: World, failed: Recording) -> None:
    response = signed_in(world.sam).post(f"/recordings/{failed.id}/retry/", headers=HTMX)
    assert "Waiting its turn" in text(response)
    failed.job.refresh_from_db()
    assert failed.job.state == JobState.QUEUED


def test_without_javascript_it_returns_to_the_patient(world: World, failed: Recording) -> None:
    response = signed_in(world.sam).post(f"/recordings/{failed.id}/retry/")
    assert response.headers["Location"] == f"/patients/{world.alices_patient.id}/"


def test_it_is_recorded(world: World, failed: Recording) -> None:
    signed_in(world.sam).post(f"/recordings/{failed.id}/retry/")
    assert AccessLogEntry.objects.filter(action="retry", object_id=failed.id, actor_id=world.sam.id).exists()


def test_a_recording_of_another_counselors_patient_is_not_found(world: World, failed: Recording) -> None:
    assert signed_in(world.bob).post(f"/recordings/{failed.id}/retry/").status_code == 404


def test_it_takes_a_post(world: World, failed: Recording) -> None:
    assert signed_in(world.sam).get(f"/recordings/{failed.id}/retry/").status_code == 405
