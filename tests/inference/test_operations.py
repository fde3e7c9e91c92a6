"""The figures of operations, against jobs whose moves were at known times."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inference import services
from inference.models import AnalysisJob, JobMove, JobState, JobTally, Worker
from inference.operations import Operations, Period, Queue, operations, tallies
from tests.world import JobFactory, job_done

pytestmark = pytest.mark.django_db

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def to(state: JobState, **columns: object) -> dict[str, object]:
    held = {"lease_token": uuid4(), "lease_until": Now() + HOUR} if state == JobState.RUNNING else {}
    return {"lease_token": None, "lease_until": None, "error_code": ""} | held | {"state": state} | columns


def job_with(*moves: tuple[timedelta, dict[str, object]], queued: timedelta, tenant: UUID | None = None) -> AnalysisJob:
    """A job that was queued ``queued`` ago and then moved; each move says how long ago it was."""
    job = JobFactory(**({"tenant": tenant} if tenant else {}))
    for _, columns in moves:
        AnalysisJob.objects.filter(id=job.id).update(**columns)
    now = timezone.now()
    for move, ago in zip(job.moves.order_by("pgh_id"), (queued, *(ago for ago, _ in moves)), strict=True):
        JobMove.objects.filter(pk=move.pk).update(pgh_created_at=now - ago)
    return job


def done(*, began: timedelta, ended: timedelta, queued: timedelta, tenant: UUID | None = None) -> AnalysisJob:
    running = to(JobState.RUNNING, attempt=1)
    return job_with((began, running), (ended, to(JobState.SUCCEEDED)), queued=queued, tenant=tenant)


def about(span: timedelta | None, expected: timedelta) -> bool:
    """The clock goes on between the making of a row and the question."""
    return span is not None and abs(span - expected) < 3 * SECOND


def test_with_nothing_there_everything_is_nought_or_unknown() -> None:
    found = operations()
    assert found.queue == Queue(0, 0, 0, None)
    assert found.hour == found.day == Period(0, 0, 0)
    assert (found.waited.median, found.ran.p95, found.per_hour) == (None, None, 0.0)
    assert (found.failures, found.workers, found.ready) == ((), (), ())


def test_open_jobs_are_counted_by_what_they_wait_for() -> None:
    job_with(queued=5 * MINUTE)
    job_with((MINUTE, to(JobState.RUNNING)), queued=8 * HOUR)
    job_with((MINUTE, to(JobState.RUNNING, lease_until=Now() - 20 * SECOND)), queued=9 * HOUR)
    queue = operations().queue
    assert (queue.waiting, queue.running, queue.abandoned) == (1, 1, 1)
    assert about(queue.oldest, 5 * MINUTE)


def test_a_job_that_lost_its_worker_waits_since_its_lease_ran_out() -> None:
    job_with((HOUR, to(JobState.RUNNING, lease_until=Now() - 10 * MINUTE)), queued=2 * HOUR)
    assert about(operations().queue.oldest, 10 * MINUTE)


def test_a_job_that_was_tried_again_waits_since_then() -> None:
    failure = to(JobState.FAILED, error_code="silent")
    job_with((47 * HOUR, to(JobState.RUNNING)), (46 * HOUR, failure), (MINUTE, to(JobState.QUEUED)), queued=48 * HOUR)
    assert about(operations().queue.oldest, MINUTE)


def test_what_ended_is_counted_by_the_hour_and_by_the_day() -> None:
    done(queued=3 * MINUTE, began=2 * MINUTE, ended=MINUTE)
    done(queued=5 * HOUR, began=5 * HOUR, ended=4 * HOUR)
    done(queued=50 * HOUR, began=50 * HOUR, ended=49 * HOUR)
    job_with((MINUTE, to(JobState.CANCELLED)), queued=HOUR)
    found = operations()
    assert (found.hour, found.day) == (Period(1, 0, 1), Period(2, 0, 1))
    assert found.per_hour == pytest.approx(2 / 24)


def test_waiting_and_running_times_are_those_between_the_moves() -> None:
    for seconds in range(1, 22):
        done(queued=HOUR, began=HOUR - seconds * SECOND, ended=HOUR - 3 * seconds * SECOND)
    found = operations()
    assert (found.waited.median, found.waited.p95) == (11 * SECOND, 20 * SECOND)
    assert (found.ran.median, found.ran.p95) == (22 * SECOND, 40 * SECOND)


def test_an_attempt_that_another_worker_took_over_did_not_wait_in_the_queue() -> None:
    job_with(
        (HOUR - MINUTE, to(JobState.RUNNING, attempt=1)),
        (HOUR / 2, to(JobState.RUNNING, attempt=2)),
        (HOUR / 2 - MINUTE, to(JobState.SUCCEEDED)),
        queued=HOUR,
    )
    found = operations()
    assert (found.waited.p95, found.ran.p95, found.retried) == (MINUTE, MINUTE, 1)


def test_failures_are_counted_by_code_also_where_the_job_was_tried_again() -> None:
    for minutes in (10, 90):
        failure = to(JobState.FAILED, error_code="silent", error_message="This recording is silent.")
        job = job_with((HOUR * 2, to(JobState.RUNNING)), (minutes * MINUTE, failure), queued=3 * HOUR)
    services.job_retry(job.id, by="somebody")
    job_with((MINUTE, to(JobState.FAILED, error_code="worker_lost")), queued=HOUR)
    silent, lost = operations().failures
    assert (silent.code, silent.message, silent.day, silent.hour) == ("silent", "This recording is silent.", 2, 1)
    assert (lost.code, lost.day, lost.hour) == ("worker_lost", 1, 1)


def test_a_tenant_sees_its_own_jobs_and_every_worker() -> None:
    ours = uuid4()
    done(queued=3 * MINUTE, began=2 * MINUTE, ended=MINUTE, tenant=ours)
    done(queued=9 * MINUTE, began=8 * MINUTE, ended=7 * MINUTE)
    job_with(queued=MINUTE)
    job_with((MINUTE, to(JobState.FAILED, error_code="silent")), queued=HOUR)
    Worker.objects.create(host="here", pid=1)
    found = operations(ours)
    assert (found.queue, found.day, found.failures) == (Queue(0, 0, 0, None), Period(1, 0, 0), ())
    assert found.waited.median == MINUTE
    assert [worker.host for worker in found.workers] == ["here"]
    everybody = operations()
    assert (everybody.queue.waiting, everybody.day) == (1, Period(2, 1, 0))


def test_a_worker_is_ready_while_it_is_heard_of_with_its_model_loaded() -> None:
    Worker.objects.create(host="a", pid=1, checkpoint_name="demo", checkpoint_version="2", device="cuda")
    Worker.objects.create(host="b", pid=2, problem="No checkpoint.")
    Worker.objects.create(host="c", pid=3)
    Worker.objects.create(host="d", pid=4, checkpoint_name="demo", checkpoint_version="2", seen_at=Now() - MINUTE)
    found = operations()
    assert [(worker.host, worker.is_alive) for worker in found.workers] == [
        ("a", True), ("b", True), ("c", True), ("d", False),
    ]  # fmt: skip
    assert [(worker.checkpoint, worker.device) for worker in found.ready] == [("demo 2", "cuda")]
    assert about(found.workers[3].silent_for, MINUTE)


def test_the_number_of_queries_is_the_same_for_no_job_and_for_many() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            operations()
        return len(captured)

    none = queries()
    for _ in range(10):
        done(queued=3 * MINUTE, began=2 * MINUTE, ended=MINUTE)
        job_with(queued=MINUTE)
        job_with((MINUTE, to(JobState.FAILED, error_code="silent")), queued=HOUR)
    assert queries() == none


def plan_of(captured: CaptureQueriesContext) -> str:
    """How PostgreSQL would answer the captured queries if reading a whole table were dear."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        lines = []
        for query in captured.captured_queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            lines += [line for (line,) in cursor.fetchall()]
    return "\n".join(lines)


def test_no_question_reads_all_jobs_or_all_moves() -> None:
    with CaptureQueriesContext(connection) as captured:
        found: Operations = operations()
    assert found.queue.waiting == 0
    plan = plan_of(captured)
    assert "Seq Scan on inference_analysisjob" not in plan
    assert "Seq Scan on inference_jobmove" not in plan


def tally() -> dict[tuple[str, str], int]:
    return {(row.state, row.error_code): row.total for row in tallies()}


@pytest.mark.django_db(transaction=True)
def test_a_deleted_job_stays_in_the_tally() -> None:
    for _ in range(2):
        job = JobFactory()
        job_done(job.id)
        job.delete()
    AnalysisJob.objects.filter(id=JobFactory().id).update(**to(JobState.FAILED, error_code="silent"))
    assert tally() == {("running", ""): 2, ("succeeded", ""): 2, ("failed", "silent"): 1}
    assert JobTally.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_renewal_counts_nothing_and_a_takeover_counts_an_attempt() -> None:
    job = JobFactory()
    claim = services.job_claim(job.id)
    assert claim is not None
    services.job_renew(claim, stage="speech", progress=0.4)
    AnalysisJob.objects.filter(id=job.id).update(lease_until=Now() - SECOND)
    assert tally() == {("running", ""): 1}
    services.job_claim(job.id)
    assert tally() == {("running", ""): 2}


@pytest.mark.django_db(transaction=True)
def test_a_move_that_was_taken_back_is_not_counted() -> None:
    job = JobFactory()
    with transaction.atomic():
        job_done(job.id)
        transaction.set_rollback(True)
    assert tally() == {}
