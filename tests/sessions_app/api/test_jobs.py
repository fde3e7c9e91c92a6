"""Following a job, and trying it again."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from inference.models import AnalysisJob, JobState, Purpose
from inference.stages import STAGE_TABLE
from sessions_app.models import Recording
from tests.sessions_app.api.client import API, as_, last_log, problem
from tests.world import JobFactory, RecordingFactory, SessionFactory, World


@pytest.fixture
def recording(world: World) -> Recording:
    return RecordingFactory(session=SessionFactory(patient=world.alices_patient))


def fail(recording: Recording) -> None:
    AnalysisJob.objects.filter(id=recording.job_id).update(
        state=JobState.FAILED, error_code="silent", error_message="This recording is silent.", attempt=3
    )


def test_a_running_job_names_its_stage_in_words(world: World, recording: Recording) -> None:
    stage = STAGE_TABLE[2]
    AnalysisJob.objects.filter(id=recording.job_id).update(stage=stage.code, progress=0.4, attempt=1)
    job = as_(world.sam).get(f"{API}/jobs/{recording.job_id}").json()
    assert (job["stage"], job["stage_label"], job["progress"], job["attempt"]) == (stage.code, stage.label, 0.4, 1)
    assert last_log() == ("read", "job", True)


def test_a_failed_job_says_why(world: World, recording: Recording) -> None:
    fail(recording)
    job = as_(world.alice).get(f"{API}/jobs/{recording.job_id}").json()
    assert job["state"] == "failed"
    assert job["error"] == {"code": "silent", "message": "This recording is silent."}


def test_a_job_says_nothing_of_its_file_and_lease(world: World, recording: Recording) -> None:
    job = as_(world.alice).get(f"{API}/jobs/{recording.job_id}").json()
    assert not {"file", "tenant", "lease_token", "options"} & set(job)


@pytest.mark.parametrize("way", ["", "/retry"])
def test_somebody_elses_job_is_a_404(world: World, recording: Recording, way: str) -> None:
    call: Any = as_(world.bob).post if way else as_(world.bob).get
    assert problem(call(f"{API}/jobs/{recording.job_id}{way}")) == (404, "not_found")
    assert last_log() == ("read", "job", False)


def test_a_job_that_does_not_exist_is_a_404(world: World) -> None:
    assert problem(as_(world.alice).get(f"{API}/jobs/{uuid4()}")) == (404, "not_found")


def test_a_snapshots_job_is_nobodys_to_see(world: World) -> None:
    job = JobFactory(tenant=world.clinic.id, purpose=Purpose.SNAPSHOT)
    assert problem(as_(world.robot).get(f"{API}/jobs/{job.id}")) == (404, "not_found")


def test_a_failed_job_is_queued_again(world: World, recording: Recording) -> None:
    fail(recording)
    response = as_(world.sam).post(f"{API}/jobs/{recording.job_id}/retry")
    assert response.status_code == 202
    assert response["Location"] == response.json()["url"]
    assert (response.json()["state"], response.json()["error"], response.json()["attempt"]) == ("queued", None, 0)


def test_a_job_that_has_not_failed_is_not_tried_again(world: World, recording: Recording) -> None:
    assert problem(as_(world.sam).post(f"{API}/jobs/{recording.job_id}/retry")) == (409, "job_not_failed")


def test_the_administrator_may_not_try_again(world: World, recording: Recording) -> None:
    assert problem(as_(world.ada).post(f"{API}/jobs/{recording.job_id}/retry")) == (403, "permission_denied")
    assert last_log() == ("retry_analysis", "job", False)


def test_a_job_that_needs_a_channel_gives_a_new_one_when_it_is_told(world: World, recording: Recording) -> None:
    fail(recording)
    AnalysisJob.objects.filter(id=recording.job_id).update(error_code="bad_channel")
    client, address = as_(world.robot), f"{API}/jobs/{recording.job_id}/retry"
    assert problem(client.post(address, {"patient_channel": "middle"}, format="json")) == (400, "invalid")
    response = client.post(address, {"patient_channel": "left"}, format="json")
    assert (response.status_code, response.json()["state"]) == (202, "queued")
    assert response["Location"] == response.json()["url"]
    assert response.json()["id"] != str(recording.job_id)
    recording.refresh_from_db()
    assert (recording.patient_channel, str(recording.job_id)) == ("left", response.json()["id"])


def test_a_channel_helps_only_a_job_that_asks_for_one(world: World, recording: Recording) -> None:
    fail(recording)
    response = as_(world.sam).post(f"{API}/jobs/{recording.job_id}/retry", {"patient_channel": "left"}, format="json")
    assert problem(response) == (409, "channel_not_asked")
