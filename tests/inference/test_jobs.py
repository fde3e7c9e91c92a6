"""A job is claimed once, finished once, and never lost."""

from __future__ import annotations

import itertools
import threading
import uuid
from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models.functions import Now
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from inference import broker, services
from inference.errors import WorkerLost
from inference.models import MOVES, Analysis, AnalysisJob, JobState
from inference.results import (
    Analysis as AnalysisResult,
)
from inference.results import (
    CheckpointIdentity,
    Measure,
    Quality,
    QualityCheck,
    Score,
    Timeline,
    Turn,
)
from inference.services import Claim
from inference.signals import analysis_finished, job_failed
from tenancy import every_clinic
from tests.world import JobFactory


def result(depression: float = 0.6) -> AnalysisResult:
    return AnalysisResult(
        sha256="cd" * 32,
        duration=60.0,
        speech_seconds=40.0,
        quality=Quality((QualityCheck("snr", True, 25.0, "dB", "The voice stands out well."),)),
        checkpoint=CheckpointIdentity("undertone-demo", "0.1", "ab" * 32),
        scores={
            "depression": Score(depression, 0.5, 0.7, "elevated"),
            "valence": Score.unavailable("The checkpoint has no such head."),
            "arousal": Score(0.4, 0.3, 0.5, "indeterminate"),
        },
        biomarkers={"f0_mean": Measure(181.0, "Hz"), "speech_rate": Measure(None, "syllables/s")},
        timeline=Timeline((0.0,), (6.0,), (depression,), (None,), (0.4,)),
        turns=(Turn(0.0, 9.0, "patient"),),
        speaker_method="single_voice",
        timings={"decode": 0.1},
        peaks=(0.0, 0.4),
    )


def claim(job: AnalysisJob) -> Claim:
    claimed = services.job_claim(job.id)
    assert claimed is not None
    return claimed


def let_lease_run_out(job: AnalysisJob) -> None:
    AnalysisJob.objects.filter(id=job.id).update(lease_until=Now() - timedelta(seconds=1))


@pytest.fixture
def job(db: None) -> AnalysisJob:
    return JobFactory()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    """Ids of the jobs that were put on the queue, instead of the queue."""
    ids: list[uuid.UUID] = []
    monkeypatch.setattr(broker, "publish", lambda job_id, priority: ids.append(job_id))
    monkeypatch.setattr(broker, "messages_waiting", lambda: 0)
    return ids


def test_a_new_job_is_sent_only_once_its_row_is_committed(
    db: None, sent: list[uuid.UUID], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = services.job_enqueue(tenant=uuid.uuid4(), file="recordings/a", by="somebody")
        assert sent == []
    assert sent == [job.id]


def test_a_claim_counts_the_attempt_and_holds_a_lease(job: AnalysisJob) -> None:
    claimed = claim(job)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.lease_token) == (JobState.RUNNING, 1, claimed.token)
    assert AnalysisJob.objects.filter(id=job.id, lease_until__gt=Now() + timedelta(seconds=50)).exists()


def test_a_claimed_job_cannot_be_claimed_again(job: AnalysisJob) -> None:
    claim(job)
    assert services.job_claim(job.id) is None


def test_a_job_whose_lease_ran_out_can_be_claimed_by_another_worker(job: AnalysisJob) -> None:
    first = claim(job)
    let_lease_run_out(job)
    second = claim(job)
    assert second.token != first.token
    assert second.attempt == 2


@pytest.mark.django_db(transaction=True)
def test_ten_workers_at_once_claim_a_job_once() -> None:
    job = JobFactory()
    claims: list[Claim | None] = []
    barrier = threading.Barrier(10)

    @every_clinic()
    def grab() -> None:
        barrier.wait()
        claims.append(services.job_claim(job.id))
        connection.close()

    threads = [threading.Thread(target=grab) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(claimed is not None for claimed in claims) == 1


def test_a_finished_job_keeps_its_analysis_with_origin_and_timeline(job: AnalysisJob) -> None:
    row = services.job_succeed(claim(job), result())
    job.refresh_from_db()
    assert row is not None
    assert (job.state, job.progress, job.lease_token) == (JobState.SUCCEEDED, 1.0, None)
    stored = Analysis.objects.get(job=job)
    assert stored.scores["depression"] == Score(0.6, 0.5, 0.7, "elevated")
    assert stored.scores["valence"].reason == "The checkpoint has no such head."
    assert stored.checkpoint == CheckpointIdentity("undertone-demo", "0.1", "ab" * 32)
    assert stored.timeline.valence == [None]
    assert stored.timeline.turns == [[0.0, 9.0, "patient"]]


def test_a_worker_that_was_away_too_long_writes_nothing(job: AnalysisJob) -> None:
    zombie = claim(job)
    let_lease_run_out(job)
    replacement = claim(job)
    assert services.job_succeed(zombie, result(0.1)) is None
    assert not services.job_fail(zombie, code="internal_error", message="Too late.")
    assert not services.job_renew(zombie, stage="model", progress=0.9)
    services.job_succeed(replacement, result(0.6))
    assert Analysis.objects.get(job=job).depression == 0.6


def test_if_a_listener_fails_neither_the_job_nor_the_analysis_is_written(job: AnalysisJob) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError

    held = claim(job)
    analysis_finished.connect(fail)
    try:
        with pytest.raises(RuntimeError), transaction.atomic():
            services.job_succeed(held, result())
    finally:
        analysis_finished.disconnect(fail)
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert not Analysis.objects.exists()


def test_a_failed_job_tells_its_listeners_and_keeps_code_and_sentence(job: AnalysisJob) -> None:
    heard: list[AnalysisJob] = []

    def listen(*, job: AnalysisJob, **_: object) -> None:
        heard.append(job)

    job_failed.connect(listen)
    try:
        services.job_fail(claim(job), code="silent", message="This recording is silent.")
    finally:
        job_failed.disconnect(listen)
    job.refresh_from_db()
    assert (job.state, job.error_code, job.error_message) == (JobState.FAILED, "silent", "This recording is silent.")
    assert heard == [job]


def test_trouble_of_the_machine_gives_the_job_back_until_its_third_attempt(job: AnalysisJob) -> None:
    states = []
    for _ in range(settings.MAX_ATTEMPTS):
        services.job_give_back(claim(job), code="machine_trouble", message="Out of memory.")
        job.refresh_from_db()
        states.append(job.state)
    assert states == [JobState.QUEUED, JobState.QUEUED, JobState.FAILED]
    assert job.error_code == "machine_trouble"


@pytest.mark.parametrize(("earlier", "minutes"), [(0, 1), (1, 3)])
def test_after_trouble_of_the_machine_the_sweeper_waits_longer_each_time(
    job: AnalysisJob, sent: list[uuid.UUID], earlier: int, minutes: int
) -> None:
    AnalysisJob.objects.filter(id=job.id).update(attempt=earlier)
    services.job_give_back(claim(job), code="machine_trouble", message="Out of memory.")
    for passed, expected in ((minutes * 60 - 5, 0), (minutes * 60 + 5, 1)):
        row = AnalysisJob.objects.filter(id=job.id)
        given_back = row.get().sent_at
        row.update(sent_at=given_back - timedelta(seconds=passed))
        assert services.sweep() == expected
        row.update(sent_at=given_back)


def test_the_sweeper_sends_a_job_whose_message_was_lost(job: AnalysisJob, sent: list[uuid.UUID]) -> None:
    assert services.sweep() == 1
    assert sent == [job.id]


def test_the_sweeper_leaves_alone_what_was_sent_a_moment_ago(job: AnalysisJob, sent: list[uuid.UUID]) -> None:
    services.job_send(job.id)
    sent.clear()
    assert services.sweep() == 0
    assert sent == []


def test_the_sweeper_sends_a_job_whose_worker_disappeared(job: AnalysisJob, sent: list[uuid.UUID]) -> None:
    claim(job)
    let_lease_run_out(job)
    services.sweep()
    assert sent == [job.id]


def test_a_job_that_took_three_workers_with_it_fails_with_a_sentence(job: AnalysisJob, sent: list[uuid.UUID]) -> None:
    for _ in range(settings.MAX_ATTEMPTS):
        claim(job)
        let_lease_run_out(job)
    services.sweep()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, WorkerLost.code)
    assert "try again" in job.error_message
    assert sent == []


def test_trying_again_gives_a_failed_job_three_new_attempts(job: AnalysisJob) -> None:
    services.job_fail(claim(job), code="silent", message="This recording is silent.")
    assert services.job_retry(job.id, by="somebody")
    job.refresh_from_db()
    assert (job.state, job.attempt, job.error_code) == (JobState.QUEUED, 0, "")


def test_a_job_that_is_running_cannot_be_tried_again(job: AnalysisJob) -> None:
    claim(job)
    assert not services.job_retry(job.id, by="somebody")


def test_a_cancelled_job_is_noticed_by_its_worker(job: AnalysisJob) -> None:
    held = claim(job)
    assert services.job_cancel(job.id, by="somebody")
    assert not services.job_renew(held, stage="model", progress=0.5)


def test_a_finished_job_cannot_be_cancelled(job: AnalysisJob) -> None:
    services.job_succeed(claim(job), result())
    assert not services.job_cancel(job.id, by="somebody")


@pytest.mark.parametrize(
    "broken",
    [
        {"state": JobState.RUNNING},
        {"lease_token": uuid.uuid4()},
        {"state": JobState.FAILED},
        {"error_code": "silent"},
        {"progress": 1.5},
    ],
)
def test_the_database_refuses_an_impossible_job(job: AnalysisJob, broken: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AnalysisJob.objects.filter(id=job.id).update(**broken)


def test_the_database_knows_no_other_states(db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        JobFactory(state="dancing")


def test_a_long_queue_does_not_grow_by_being_swept(job: AnalysisJob) -> None:
    broker.publish(job.id, job.priority)
    waiting = broker.messages_waiting()
    assert waiting >= 1
    assert services.sweep() == 0
    assert broker.messages_waiting() == waiting
    with current_app.connection_for_write() as connected:
        connected.default_channel.queue_purge(settings.CELERY_TASK_DEFAULT_QUEUE)
    assert services.sweep() == 1


def test_no_more_is_sent_again_than_messages_are_missing(
    db: None, sent: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [JobFactory() for _ in range(5)]
    for age, waiting in enumerate(jobs):
        AnalysisJob.objects.filter(id=waiting.id).update(sent_at=Now() - timedelta(seconds=100 + age))
    monkeypatch.setattr(broker, "messages_waiting", lambda: 3)
    assert services.sweep() == 2
    assert sent == [jobs[4].id, jobs[3].id]


def test_a_message_holds_the_job_id_and_nothing_else(job: AnalysisJob) -> None:
    with current_app.connection_for_write() as connected:
        connected.default_channel.queue_purge(settings.CELERY_TASK_DEFAULT_QUEUE)
        services.job_send(job.id)
        with connected.SimpleQueue(settings.CELERY_TASK_DEFAULT_QUEUE) as queue:
            message = queue.get(timeout=5)
            message.ack()
    arguments, named, _ = message.payload
    assert (arguments, named) == ([str(job.id)], {})


def columns_of(state: JobState) -> dict[str, object]:
    """What the other rules on a job ask of a row in ``state``."""
    held = {"lease_token": uuid.uuid4(), "lease_until": Now()} if state == JobState.RUNNING else {}
    empty = {"lease_token": None, "lease_until": None, "error_code": ""}
    return empty | held | ({"error_code": "internal_error"} if state == JobState.FAILED else {}) | {"state": state}


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(JobState, 2)))
def test_the_database_allows_the_moves_of_a_job_and_no_others(db: None, old: JobState, new: JobState) -> None:
    job = JobFactory(**columns_of(old))
    if (old, new) in MOVES:
        assert AnalysisJob.objects.filter(id=job.id).update(**columns_of(new)) == 1
    else:
        with pytest.raises(ProgrammingError, match="Invalid transition"), transaction.atomic():
            AnalysisJob.objects.filter(id=job.id).update(**columns_of(new))
        assert AnalysisJob.objects.get(id=job.id).state == old


def history(job: AnalysisJob) -> list[tuple[str, int, str]]:
    """State, attempt and who, for each move of ``job`` in order."""
    return list(job.moves.order_by("pgh_id").values_list("state", "attempt", "moved_by"))


def test_a_job_remembers_who_moved_it_when(db: None, sent: list[uuid.UUID]) -> None:
    job, worker = services.job_enqueue(tenant=uuid.uuid4(), file="recordings/a", by="ann"), services.worker_name()
    services.job_fail(claim(job), code="no_speech", message="Nobody speaks.")
    services.job_retry(job.id, by="ben")
    claim(job)
    services.job_cancel(job.id, by="ann")
    assert history(job) == [
        ("queued", 0, "ann"), ("running", 1, worker), ("failed", 1, worker), ("queued", 0, "ben"),
        ("running", 1, worker), ("cancelled", 1, "ann"),
    ]  # fmt: skip
    times = list(job.moves.order_by("pgh_id").values_list("pgh_created_at", flat=True))
    assert times == sorted(times)


def test_a_worker_that_takes_over_is_in_the_history_and_progress_is_not(job: AnalysisJob) -> None:
    services.job_renew(claim(job), stage="speech", progress=0.4)
    let_lease_run_out(job)
    services.job_renew(claim(job), stage="model", progress=0.9)
    assert [(state, attempt) for state, attempt, _ in history(job)] == [("queued", 0), ("running", 1), ("running", 2)]


def test_a_job_given_up_for_lost_was_moved_by_the_sweeper(job: AnalysisJob, sent: list[uuid.UUID]) -> None:
    for _ in range(settings.MAX_ATTEMPTS):
        claim(job)
        let_lease_run_out(job)
    services.sweep()
    assert history(job)[-1] == ("failed", settings.MAX_ATTEMPTS, services.SWEEPER)
