"""``POST /api/v1/analyze-vocal-health`` without an engine: who may, and what happens when there is no answer."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.models import AccessLogEntry, AffectPolicy, Clinic, User
from inference.models import Analysis, AnalysisJob, JobState, Purpose, Worker
from inference.results import Score
from sessions_app import snapshots
from sessions_app.api.snapshot import reason, recommendation, valence_word
from sessions_app.api.throttles import PerScope
from sessions_app.errors import AffectSwitchedOff, SnapshotTooSlow
from sessions_app.scores import RESEARCH_ONLY
from tenancy import every_clinic
from tests.sessions_app.api.client import API, as_, last_log, problem, sound
from tests.world import JobFactory, World


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Any) -> Any:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def worker(**facts: Any) -> Worker:
    return Worker.objects.create(host="here", pid=1, checkpoint_name="undertone-demo", **facts)


def ask(user: User, file: SimpleUploadedFile | None = None, slash: str = "") -> Any:
    return as_(user).post(f"{API}/analyze-vocal-health{slash}", {"file": file or sound()}, format="multipart")


@pytest.mark.parametrize("slash", ["", "/"])
def test_without_a_worker_it_is_a_503_at_once_and_nothing_is_kept(world: World, storage: Any, slash: str) -> None:
    response = ask(world.alice, slash=slash)
    assert problem(response) == (503, "model_not_loaded")
    assert int(response["Retry-After"]) > 0
    assert not AnalysisJob.objects.exists()
    assert not list(storage.rglob("*"))


def test_a_worker_whose_model_did_not_load_does_not_count(world: World) -> None:
    worker(problem="The voice model is not available.")
    assert problem(ask(world.alice)) == (503, "model_not_loaded")


@pytest.mark.parametrize("who", ["sam", "ada"])
def test_staff_and_administrator_are_refused_and_it_is_logged(world: World, who: str) -> None:
    assert problem(ask(getattr(world, who))) == (403, "permission_denied")
    assert last_log() == ("snapshot", "recording", False)


POLICIES = [(AffectPolicy.OFF, AffectSwitchedOff.message), (AffectPolicy.RESEARCH, RESEARCH_ONLY)]


@pytest.mark.parametrize(("policy", "sentence"), POLICIES)
def test_a_clinic_that_shows_no_scores_gets_none_here_either(world: World, policy: AffectPolicy, sentence: str) -> None:
    worker()
    world.clinic.affect_policy = policy
    world.clinic.save()
    response = ask(world.alice)
    assert problem(response) == (403, "affect_switched_off")
    assert response.json()["detail"] == sentence
    assert AccessLogEntry.objects.count() == 1
    assert last_log() == ("snapshot", "recording", False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("policy", "sentence"), POLICIES)
def test_a_policy_that_is_set_while_the_caller_waits_withholds_the_answer(
    world: World, monkeypatch: Any, policy: AffectPolicy, sentence: str
) -> None:
    def wait(job: AnalysisJob) -> Analysis:
        Clinic.objects.filter(id=world.clinic.id).update(affect_policy=policy)
        return Analysis(job=job)

    worker()
    monkeypatch.setattr(snapshots, "_wait_for", wait)
    response = ask(world.alice)
    assert problem(response) == (403, "affect_switched_off")
    assert response.json()["detail"] == sentence
    assert last_log() == ("snapshot", "recording", False)
    assert not AnalysisJob.objects.exists()


def test_a_missing_file_is_named(world: World) -> None:
    response = as_(world.alice).post(f"{API}/analyze-vocal-health", {}, format="multipart")
    assert problem(response) == (400, "invalid")
    assert list(response.json()["errors"]) == ["file"]


@pytest.mark.django_db(transaction=True)
def test_an_empty_file_says_so(world: World) -> None:
    worker()
    assert problem(ask(world.alice, sound(content=b""))) == (422, "empty_file")


def test_it_can_only_be_posted_to(world: World) -> None:
    assert problem(as_(world.alice).get(f"{API}/analyze-vocal-health")) == (405, "method_not_allowed")


def test_asking_too_often_is_a_429(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(PerScope, "THROTTLE_RATES", {"snapshot": "1/min", "user": "600/min"})
    ask(world.alice)
    assert problem(ask(world.alice)) == (429, "throttled")


def test_when_too_many_are_waiting_the_next_is_told_at_once(world: World) -> None:
    worker()
    for _ in range(snapshots.WAITING_PER_WORKER):
        JobFactory(tenant=world.clinic.id, purpose=Purpose.SNAPSHOT)
    assert problem(ask(world.alice)) == (503, "analysis_not_ready")


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_does_not_come_in_time_is_a_503_and_leaves_nothing(
    world: World, settings: Any, storage: Any
) -> None:
    settings.SNAPSHOT_WAIT_SECONDS = 0.3
    worker()
    response = ask(world.alice)
    assert problem(response) == (503, "analysis_not_ready")
    assert not AnalysisJob.objects.exists()
    assert not [path for path in storage.rglob("*") if path.is_file()]


def finish(monkeypatch: Any, **outcome: Any) -> None:
    """Let the job have this outcome while the caller waits."""
    monkeypatch.setattr(snapshots.time, "sleep", lambda _: AnalysisJob.objects.update(**outcome))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("code", "status"), [("silent", 422), ("too_long", 422), ("machine_trouble", 503), ("internal_error", 500)]
)
def test_a_recording_that_cannot_be_analysed_says_why(
    world: World, monkeypatch: Any, storage: Any, code: str, status: int
) -> None:
    worker()
    finish(monkeypatch, state=JobState.FAILED, error_code=code, error_message="A sentence.")
    response = ask(world.alice)
    assert problem(response) == (status, code)
    assert response.json()["detail"] == "A sentence."
    assert not AnalysisJob.objects.exists()
    assert not [path for path in storage.rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_a_job_that_somebody_cancels_ends_the_waiting(world: World, monkeypatch: Any) -> None:
    worker()
    finish(monkeypatch, state=JobState.CANCELLED)
    assert problem(ask(world.alice)) == (503, "analysis_not_ready")


@pytest.mark.django_db(transaction=True)
def test_many_at_once_find_no_more_room_than_there_is(world: World, settings: Any) -> None:
    settings.SNAPSHOT_WAIT_SECONDS = 1.0
    worker()
    with ThreadPoolExecutor(9) as callers:
        answers = list(callers.map(lambda _: in_thread(world), range(9)))
    waited = [answer for answer in answers if answer >= settings.SNAPSHOT_WAIT_SECONDS]
    assert len(waited) == snapshots.WAITING_PER_WORKER


@every_clinic()
def in_thread(world: World) -> float:
    """Seconds until the answer."""
    started = time.monotonic()
    try:
        snapshots.snapshot_analyze(user=world.alice, upload=sound())
    except SnapshotTooSlow:
        return time.monotonic() - started
    finally:
        connection.close()
    raise AssertionError("Nobody works here.")


def score(state: str) -> Score:
    return Score.unavailable("…") if state == "unavailable" else Score(0.5, 0.4, 0.6, state)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "word"),
    [("low", "Low/Flat"), ("indeterminate", "Normal"), ("elevated", "Normal"), ("unavailable", None)],
)
def test_valence_is_low_or_flat_only_when_its_whole_interval_is(state: str, word: str | None) -> None:
    assert valence_word(score(state)) == word


@pytest.mark.parametrize(
    ("depression", "valence", "advice", "said"),
    [
        ("elevated", "elevated", "Suggest follow-up", "elevated"),
        ("low", "low", "Suggest follow-up", "low or flat"),
        ("unavailable", "low", "Suggest follow-up", "low or flat"),
        ("low", "elevated", "Normal baseline", "Depressive speech is low and the voice does not sound low or flat."),
        ("low", "indeterminate", "Normal baseline", "Depressive speech is low and valence is indeterminate."),
        ("low", "unavailable", "Normal baseline", "Depressive speech is low and valence is unavailable."),
        ("indeterminate", "indeterminate", "Normal baseline", "indeterminate and valence is indeterminate, so"),
        ("indeterminate", "elevated", "Normal baseline", "indeterminate and the voice does not sound low or flat, so"),
        ("unavailable", "indeterminate", "Normal baseline", "unavailable and valence is indeterminate, so"),
        ("unavailable", "unavailable", "Normal baseline", "unavailable and valence is unavailable, so"),
    ],
)
def test_the_recommendation_follows_reliable_states_and_says_what_it_rests_on(
    depression: str, valence: str, advice: str, said: str
) -> None:
    scores: Any = {"depression": score(depression), "valence": score(valence), "arousal": score("low")}
    assert recommendation(scores) == advice
    assert said in reason(scores)


@pytest.mark.parametrize("depression", ["low", "indeterminate", "unavailable"])
@pytest.mark.parametrize("valence", ["indeterminate", "unavailable"])
def test_a_valence_that_is_not_known_is_never_said_not_to_be_low(depression: str, valence: str) -> None:
    scores: Any = {"depression": score(depression), "valence": score(valence), "arousal": score("low")}
    assert "does not sound" not in reason(scores)
