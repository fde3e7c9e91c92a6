"""Trying a failed analysis again."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import AccessLogEntry
from inference.models import AnalysisJob, JobState
from sessions_app.errors import ConsentMissing
from sessions_app.models import Consent, Recording
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


@pytest.fixture
def unfit(failed: Recording) -> Recording:
    """A stereo recording of two voices whose upload did not say on which channel the patient is."""
    AnalysisJob.objects.filter(id=failed.job_id).update(error_code="bad_channel", error_message="Two voices.")
    return failed


@pytest.mark.parametrize("address", ["/patients/{0.session.patient_id}/", "/sessions/{0.session_id}/"])
def test_where_a_channel_must_be_named_both_are_offered(world: World, unfit: Recording, address: str) -> None:
    page = text(signed_in(world.sam).get(address.format(unfit)))
    assert "The patient is on the left The patient is on the right" in page
    assert "Try again" not in page


def test_naming_the_channel_queues_an_analysis_on_it(world: World, unfit: Recording) -> None:
    form = {"patient_channel": "right"}
    response = signed_in(world.sam).post(f"/recordings/{unfit.id}/retry/", form, headers=HTMX)
    assert "Waiting its turn" in text(response)
    unfit.refresh_from_db()
    assert (unfit.patient_channel, unfit.job.options) == ("right", {"patient_channel": "right"})


def test_a_channel_that_does_not_exist_is_refused(world: World, unfit: Recording) -> None:
    assert signed_in(world.sam).post(f"/recordings/{unfit.id}/retry/", {"patient_channel": "up"}).status_code == 400


@pytest.mark.parametrize("named", ["left", "right"])
def test_a_named_channel_that_does_not_fit_can_be_taken_back(world: World, unfit: Recording, named: str) -> None:
    AnalysisJob.objects.filter(id=unfit.job_id).update(options={"patient_channel": named})
    page = text(signed_in(world.sam).get(f"/sessions/{unfit.session_id}/"))
    assert "Analyse without naming a channel" in page
    assert "The patient is on the" not in page


def test_without_consent_the_page_is_fetched_anew_and_says_so(world: World, failed: Recording) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    client = signed_in(world.sam)
    assert client.post(f"/recordings/{failed.id}/retry/", headers=HTMX).headers["HX-Refresh"] == "true"
    assert ConsentMissing.message in text(client.get(f"/patients/{world.alices_patient.id}/"))
