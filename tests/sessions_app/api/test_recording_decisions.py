"""Deleting a recording, cancelling a job and reading earlier analyses, by program."""

from __future__ import annotations

import pytest

from inference.models import Analysis, AnalysisJob, JobState
from sessions_app.models import Recording
from sessions_app.recordings import recording_reanalyze
from tests.sessions_app.api.client import API, as_, last_log, problem
from tests.world import RecordingFactory, SessionFactory, World, analysed


@pytest.fixture
def done(world: World) -> Recording:
    return analysed(SessionFactory(patient=world.alices_patient))


@pytest.fixture
def waiting(world: World) -> Recording:
    return RecordingFactory(session=SessionFactory(patient=world.alices_patient))


def test_a_deleted_recording_is_gone_with_its_job_and_analysis(world: World, done: Recording) -> None:
    client = as_(world.alice)
    response = client.delete(f"{API}/recordings/{done.id}")
    assert (response.status_code, response.content) == (204, b"")
    assert last_log() == ("delete", "recording", True)
    for gone in (f"recordings/{done.id}", f"jobs/{done.job_id}", f"analyses/{done.analysis_id}"):
        assert problem(client.get(f"{API}/{gone}")) == (404, "not_found")


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_anothers_recording_is_not_found_and_stays(world: World, done: Recording, who: str) -> None:
    assert problem(as_(getattr(world, who)).delete(f"{API}/recordings/{done.id}/")) == (404, "not_found")
    assert last_log() == ("read", "recording", False)
    assert Recording.objects.exists()


@pytest.mark.parametrize("who", ["ada", "robot"])
def test_a_program_of_its_own_and_the_administrator_may_not_delete(world: World, done: Recording, who: str) -> None:
    assert problem(as_(getattr(world, who)).delete(f"{API}/recordings/{done.id}")) == (403, "permission_denied")
    assert last_log() == ("delete_recording", "recording", False)


def test_a_waiting_job_is_cancelled_once(world: World, waiting: Recording) -> None:
    client = as_(world.robot)
    assert client.post(f"{API}/jobs/{waiting.job_id}/cancel/").json()["state"] == "cancelled"
    assert problem(client.post(f"{API}/jobs/{waiting.job_id}/cancel")) == (409, "job_not_open")
    assert client.post(f"{API}/jobs/{waiting.job_id}/retry").json()["state"] == "queued"


def test_anothers_job_is_not_cancelled(world: World, waiting: Recording) -> None:
    assert problem(as_(world.mallory).post(f"{API}/jobs/{waiting.job_id}/cancel")) == (404, "not_found")
    assert AnalysisJob.objects.get(id=waiting.job_id).state == JobState.QUEUED


@pytest.fixture
def twice(world: World, done: Recording) -> Recording:
    """A recording with an earlier analysis."""
    assert recording_reanalyze(user=world.alice, recording=done)
    newer = analysed(SessionFactory(patient=world.bobs_patient), checkpoint_version="9.9")
    assert newer.analysis_id
    Recording.objects.filter(id=newer.id).update(analysis=None)
    Analysis.objects.filter(id=newer.analysis_id).update(subject=done.id)
    Recording.objects.filter(id=done.id).update(analysis=newer.analysis_id)
    done.refresh_from_db()
    return done


def test_all_analyses_of_a_recording_are_listed_newest_first_with_their_origin(world: World, twice: Recording) -> None:
    listed = as_(world.alice).get(f"{API}/recordings/{twice.id}/analyses").json()
    assert [(one["checkpoint"]["version"], one["is_shown"]) for one in listed] == [("9.9", True), ("0.1", False)]
    assert {one["recording"] for one in listed} == {str(twice.id)}
    assert last_log() == ("list_analyses", "recording", True)


def test_the_list_of_all_analyses_holds_only_what_stands_for_a_recording(world: World, twice: Recording) -> None:
    listed = as_(world.alice).get(f"{API}/analyses").json()["results"]
    assert [one["id"] for one in listed] == [str(twice.analysis_id)]


def test_an_earlier_analysis_is_still_read_at_its_address(world: World, twice: Recording) -> None:
    client = as_(world.alice)
    old = next(one for one in client.get(f"{API}/recordings/{twice.id}/analyses").json() if not one["is_shown"])
    read = client.get(old["url"]).json()
    assert (read["id"], read["scores"]["depression"]["value"]) == (old["id"], 0.7)
    assert len(client.get(old["timeline_url"]).json()["timeline"]["start"]) == 2


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_anothers_analyses_are_not_listed(world: World, twice: Recording, who: str) -> None:
    client = as_(getattr(world, who))
    assert problem(client.get(f"{API}/recordings/{twice.id}/analyses")) == (404, "not_found")
    old = Analysis.objects.filter(subject=twice.id).exclude(id=twice.analysis_id).get()
    assert problem(client.get(f"{API}/analyses/{old.id}")) == (404, "not_found")


def test_staff_read_no_analysis(world: World, twice: Recording) -> None:
    assert problem(as_(world.sam).get(f"{API}/recordings/{twice.id}/analyses")) == (403, "permission_denied")
