"""How the analyses of a clinic go, as its administrator reads it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessLogEntry
from inference import services
from inference.models import AnalysisJob, JobMove, JobState, Purpose, Worker
from inference.services import SWEEPER
from tests.pages import HTMX, signed_in, text
from tests.world import JobFactory, RecordingFactory, SessionFactory, World

PAGE = "/clinic/operations/"


def ready_worker(**fields: object) -> Worker:
    return Worker.objects.create(
        **{"host": "audio-1", "pid": 7, "device": "cpu", "checkpoint_name": "undertone-demo", "checkpoint_version": "1"}
        | fields
    )


def job_of(world: World, **fields: object) -> AnalysisJob:
    return JobFactory(tenant=world.clinic.id, **fields)


def failed(world: World, code: str, message: str = "A sentence.") -> AnalysisJob:
    job = job_of(world)
    claim = services.job_claim(job.id)
    assert claim is not None
    services.job_fail(claim, code=code, message=message)
    return job


def page_of(world: World) -> str:
    return text(signed_in(world.ada).get(PAGE))


def verdict_of(world: World) -> str:
    found = re.search(r'id="verdict"[^>]*><p>(.*?)</p>', signed_in(world.ada).get(PAGE).content.decode())
    assert found is not None
    return found[1]


@pytest.mark.parametrize("who", ["alice", "sam", "robot"])
def test_only_the_administrator_may_look_and_a_try_is_recorded(world: World, who: str) -> None:
    user = getattr(world, who)
    assert signed_in(user).get(PAGE).status_code == 403
    assert AccessLogEntry.objects.filter(actor_id=user.id, allowed=False, action="manage_clinic").count() == 1


def test_somebody_who_has_not_signed_in_is_asked_to(world: World, client) -> None:
    assert client.get(PAGE).headers["Location"].startswith("/sign-in/")


def test_the_administrators_first_page_leads_there(world: World) -> None:
    assert signed_in(world.ada).get("/").content.decode().count(f'href="{PAGE}"') == 2
    assert PAGE not in signed_in(world.alice).get("/").content.decode()


def test_an_empty_clinic_with_a_worker_is_well(world: World) -> None:
    ready_worker()
    page = page_of(world)
    assert "All is well. Nothing is waiting. 1 worker is ready." in page
    assert "No recording was brought in yet." in page
    assert "Failed in the last 24 hours" not in page


def test_recordings_that_wait_for_nobody_are_said_first(world: World) -> None:
    for job in [job_of(world) for _ in range(3)]:
        JobMove.objects.filter(pgh_obj=job).update(pgh_created_at=Now() - timedelta(minutes=12, seconds=30))
    response = signed_in(world.ada).get(PAGE)
    sentence = "3 recordings wait, the oldest for 12 minutes. No worker was heard of in the last 20 seconds."
    assert sentence in text(response)
    assert 'class="notice notice-error verdict"' in response.content.decode()


def test_a_worker_without_its_model_says_why(world: World) -> None:
    ready_worker(checkpoint_name="", checkpoint_version="", problem="No checkpoint 'x' was found.")
    assert "No worker is ready: No checkpoint 'x' was found." in page_of(world)


def test_a_worker_that_ended_without_a_word_is_still_named(world: World) -> None:
    ready_worker()
    ready_worker(pid=8, seen_at=Now() - timedelta(minutes=5))
    page = page_of(world)
    assert "audio-1, process 8 CPU, undertone-demo 1" in page
    assert "heard of 5 minutes ago; it ended without a word" in page
    assert "1 worker is ready." in page


def test_a_long_wait_beside_a_ready_worker_asks_for_more_of_them(world: World) -> None:
    ready_worker()
    JobMove.objects.filter(pgh_obj=job_of(world)).update(pgh_created_at=Now() - timedelta(hours=2))
    assert "1 recording waits, for 2 hours. 1 worker is ready. If it stays so, more workers would help." in page_of(
        world
    )


def test_another_clinics_jobs_are_not_counted_and_not_listed(world: World) -> None:
    other = RecordingFactory(session=SessionFactory(patient=world.mallorys_patient)).job
    page = page_of(world)
    assert "Nothing is waiting." in page
    assert str(other.id)[:8] not in page


def test_no_patient_and_no_file_is_named(world: World) -> None:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient), original_name="robin-alder.wav")
    page = signed_in(world.ada).get(PAGE).content.decode()
    assert str(recording.job_id)[:8] in page
    for secret in ("Alder", "alder.wav", world.alices_patient.reference, recording.file, str(recording.id)):
        assert secret not in page


def test_failures_are_told_by_reason_with_what_to_do(world: World) -> None:
    ready_worker()
    for _ in range(2):
        failed(world, "silent", "This recording is silent.")
    failed(world, "worker_lost")
    page = page_of(world)
    assert (
        "Nothing is waiting. 1 worker is ready. 3 analyses failed in the last hour, 1 of them because of the system."
        in page
    )
    assert "This recording is silent. silent The recording is the reason." in page
    assert "A worker ended in the middle of it, three times. worker_lost Most often memory was short" in page


def test_a_recording_that_is_to_blame_is_no_trouble_of_the_machine(world: World) -> None:
    ready_worker()
    failed(world, "silent")
    assert "The system is well." in page_of(world)
    assert "1 analysis failed in the last hour, not because of the system." in page_of(world)
    failed(world, "no_speech")
    assert "2 analyses failed in the last hour, none because of the system." in page_of(world)
    failed(world, "internal_error")
    assert "well" not in verdict_of(world)
    assert "3 analyses failed in the last hour, 1 of them because of the system." in page_of(world)


def test_all_is_not_well_where_everything_failed_for_the_machine(world: World) -> None:
    ready_worker()
    failed(world, "worker_lost")
    assert "1 analysis failed in the last hour because of the system." in verdict_of(world)
    failed(world, "worker_lost")
    assert "2 analyses failed in the last hour because of the system." in verdict_of(world)
    assert "well" not in verdict_of(world)


@pytest.mark.parametrize(
    ("ago", "number", "said"),
    [
        (timedelta(minutes=5), 1, "1 worker process ended without a word in the last hour."),
        (timedelta(minutes=59), 4, "4 worker processes ended without a word in the last hour."),
        (timedelta(minutes=61), 4, "All is well."),
    ],
)
def test_all_is_not_well_where_a_worker_ended_without_a_word_within_the_hour(
    world: World, ago: timedelta, number: int, said: str
) -> None:
    ready_worker()
    for pid in range(number):
        ready_worker(pid=100 + pid, seen_at=Now() - ago)
    assert said in verdict_of(world)
    assert ("well" in verdict_of(world)) == (said == "All is well.")


def test_a_failure_that_was_tried_again_still_counts(world: World) -> None:
    job = failed(world, "machine_trouble")
    services.job_retry(job.id, by=str(world.alice.id))
    assert "Failed 1 1" in page_of(world)


def test_a_jobs_history_says_who_moved_it_by_name(world: World) -> None:
    job = job_of(world, moved_by=str(world.sam.id))
    claim = services.job_claim(job.id)
    assert claim is not None
    services.job_fail(claim, code="machine_trouble", message="The server ran out of memory.")
    services.job_retry(job.id, by=str(world.alice.id))
    claim = services.job_claim(job.id)
    assert claim is not None
    services.job_hand_over(claim)
    services.job_claim(job.id)
    AnalysisJob.objects.filter(id=job.id).update(lease_until=Now() - timedelta(seconds=1))
    services.job_claim(job.id)
    services.job_cancel(job.id, by=SWEEPER)
    worker = services.worker_name()
    steps = re.findall(r"</time> (.*?)</li>", signed_in(world.ada).get(PAGE).content.decode())
    assert steps == [
        "Asked for by Sam",
        f"Begun by {worker}",
        f"Failed by {worker}: The server ran out of memory.",
        "Asked for again by Alice",
        f"Begun by {worker}",
        f"Put back by {worker}",
        f"Begun by {worker}",
        f"Taken over by {worker}",
        "Cancelled by the sweeper, which looks after jobs that were left behind",
    ]


def test_somebody_of_another_clinic_is_never_named(world: World) -> None:
    job_of(world, moved_by=str(world.mallory.id))
    page = page_of(world)
    assert "Asked for by somebody unknown" in page
    assert "Mallory" not in page


def test_the_newest_twenty_are_listed_newest_first(world: World) -> None:
    jobs = [job_of(world) for _ in range(22)]
    for age, job in enumerate(jobs):
        AnalysisJob.objects.filter(id=job.id).update(created_at=Now() - timedelta(hours=age))
    page = signed_in(world.ada).get(PAGE).content.decode()
    assert re.findall(r'id="job-([0-9a-f-]+)"', page) == [str(job.id) for job in jobs[:20]]


def test_a_job_tells_how_long_it_took_and_in_how_many_attempts(world: World) -> None:
    job = failed(world, "silent")
    AnalysisJob.objects.filter(id=job.id).update(finished_at=F("started_at") + timedelta(seconds=4.25))
    assert re.search(rf"{str(job.id)[:8]} .{{5,30}} Not analysed 4\.2 s 1 3 steps", page_of(world))


def test_a_snapshot_is_called_one(world: World) -> None:
    job = job_of(world, purpose=Purpose.SNAPSHOT)
    assert f"{str(job.id)[:8]} snapshot" in page_of(world)


def test_the_page_asks_for_news_and_is_answered_only_where_there_is_some(world: World) -> None:
    ready_worker()
    client = signed_in(world.ada)
    page = client.get(PAGE).content.decode()
    asked = re.search(r'hx-get="([^"]+)" hx-trigger="every 5s" hx-target="#operations"', page)
    assert asked is not None
    assert client.get(asked[1], headers=HTMX).status_code == 204
    job_of(world)
    news = client.get(asked[1], headers=HTMX)
    assert "1 recording waits" in text(news)
    assert "<html" not in news.content.decode()


def test_it_costs_the_same_number_of_queries_for_one_job_and_for_many(world: World) -> None:
    client = signed_in(world.ada)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(PAGE)
        return len(captured)

    failed(world, "silent")
    first = queries()
    for code in ("silent", "too_long", "internal_error") * 4:
        failed(world, code)
        job_of(world, state=JobState.RUNNING, lease_token=uuid4(), lease_until=Now())
    assert queries() == first
