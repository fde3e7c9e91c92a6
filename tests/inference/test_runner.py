"""One job in a worker: every outcome ends in the job's row, and none takes the worker with it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import torch
from django.core.files.storage import default_storage
from django.db import DataError, OperationalError, connection
from pytest_django import Settings

from inference import heartbeat, pipeline, runner, services, worker
from inference.errors import AnalysisError, CheckpointUnavailable
from inference.models import Analysis, AnalysisJob, JobState
from inference.results import HEADS
from inference.signals import AnalysisRefused, analysis_starting, counselor_voice_asked
from inference.stored import Stored
from tests.inference.small_models import let_workers_use_a_small_checkpoint
from tests.world import JobFactory

SPEECH = Path(__file__).parent.parent / "data" / "speech.opus"

pytestmark = pytest.mark.django_db(transaction=True)  # the heartbeat writes from a thread of its own


@pytest.fixture(autouse=True)
def surroundings(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty storage of plain files, a small checkpoint, and nobody above the engine who could refuse."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    let_workers_use_a_small_checkpoint(tmp_path, monkeypatch)
    for signal in (analysis_starting, counselor_voice_asked):
        monkeypatch.setattr(signal, "receivers", [])
        signal.sender_receivers_cache.clear()


def job_for(content: bytes | Path) -> AnalysisJob:
    path = Path(default_storage.path("recordings/one"))
    path.parent.mkdir(parents=True)
    if isinstance(content, Path):
        shutil.copy(content, path)
    else:
        path.write_bytes(content)
    return JobFactory(file="recordings/one")


def finished(job: AnalysisJob) -> AnalysisJob:
    runner.run(job.id)
    job.refresh_from_db()
    return job


def test_a_recording_of_speech_becomes_a_stored_analysis() -> None:
    job = finished(job_for(SPEECH))
    assert (job.state, job.error_code) == (JobState.SUCCEEDED, "")
    analysis = Analysis.objects.get(job=job)
    assert analysis.speech_seconds > 3
    assert 0 <= analysis.depression_low <= analysis.depression <= analysis.depression_high <= 1
    assert len(analysis.timeline.start) == len(analysis.timeline.depression) > 0


def test_a_file_that_is_not_audio_fails_with_its_code_and_sentence() -> None:
    job = finished(job_for(b"this is no sound at all" * 100))
    assert (job.state, job.error_code, job.attempt) == (JobState.FAILED, "not_audio", 1)
    assert job.error_message.startswith("This file is not audio")


def test_a_file_that_was_deleted_fails_at_once_with_a_sentence() -> None:
    job = finished(JobFactory(file="recordings/none"))
    assert (job.state, job.error_code) == (JobState.FAILED, "file_gone")


@pytest.mark.parametrize("trouble", [MemoryError, OSError])
def test_trouble_of_the_machine_puts_the_job_back_in_the_queue(
    monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise trouble

    monkeypatch.setattr(runner, "analyze", fail)
    job = finished(job_for(SPEECH))
    assert (job.state, job.attempt) == (JobState.QUEUED, 1)


def test_a_fault_of_ours_fails_the_job_with_a_sentence_and_not_with_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(runner, "analyze", fail)
    job = finished(job_for(SPEECH))
    assert (job.state, job.error_code) == (JobState.FAILED, "internal_error")
    assert "secret" not in job.error_message


def test_a_missing_checkpoint_is_named_in_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise CheckpointUnavailable

    monkeypatch.setattr(worker, "checkpoint", fail)
    assert finished(job_for(SPEECH)).error_code == "checkpoint_unavailable"


def test_a_refusal_from_above_stops_the_job_before_anything_is_read() -> None:
    def refuse(**_: Any) -> None:
        raise AnalysisRefused("consent_missing", "There is no consent.")

    analysis_starting.connect(refuse)
    job = finished(job_for(SPEECH))
    assert (job.state, job.error_code) == (JobState.FAILED, "consent_missing")
    assert not Analysis.objects.exists()


def test_where_scores_are_withheld_none_is_made_but_the_voice_is_still_measured() -> None:
    def withhold(**_: Any) -> str:
        return "Scores are switched off here."

    analysis_starting.connect(withhold)
    analysis = Analysis.objects.get(job=finished(job_for(SPEECH)))
    assert {analysis.score(head).reason for head in HEADS} == {"Scores are switched off here."}
    assert set(analysis.timeline.depression) == {None}
    assert analysis.biomarkers["f0_mean"]["value"] is not None


def test_a_worker_that_is_leaving_takes_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "leaving", lambda: True)
    job = finished(job_for(SPEECH))
    assert (job.state, job.attempt) == (JobState.QUEUED, 0)
    assert job.sent_at is not None


def test_a_worker_that_was_told_to_leave_hands_its_job_over_and_the_attempt_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work(*_: Any, progress: Any, **__: Any) -> None:
        monkeypatch.setattr(worker, "leaving", lambda: True)
        for _ in range(100):
            progress("model", 0.5)
            sleep(0.1)

    monkeypatch.setattr(runner, "analyze", work)
    job = finished(job_for(SPEECH))
    assert (job.state, job.attempt, job.progress) == (JobState.QUEUED, 0, 0.0)
    assert not Analysis.objects.exists()


def test_a_job_cancelled_while_it_runs_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_for(SPEECH)

    def cancel_then_go_on(*args: Any, **kwargs: Any) -> Any:
        services.job_cancel(job.id, by="somebody")
        return pipeline.analyze(*args, **kwargs)

    monkeypatch.setattr(runner, "analyze", cancel_then_go_on)
    assert finished(job).state == JobState.CANCELLED
    assert not Analysis.objects.exists()


def ended_process(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The jobs over which this process would have been ended; it lives on, to be asked."""
    ended: list[Any] = []
    monkeypatch.setattr(worker, "end_process", ended.append)
    monkeypatch.setattr(heartbeat, "PROGRESS_SECONDS", 0.05)
    return ended


def silent_work(seconds: float) -> Any:
    def work(*_: Any, **__: Any) -> None:
        sleep(seconds)
        raise AnalysisError

    return work


def test_work_that_says_nothing_after_its_job_was_cancelled_is_ended_with_its_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended, job = ended_process(monkeypatch), job_for(SPEECH)
    monkeypatch.setattr(heartbeat, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(heartbeat, "LET_GO_SECONDS", 0.2)

    def cancel_then_say_nothing(*_: Any, **__: Any) -> None:
        services.job_cancel(job.id, by="somebody")
        silent_work(0.8)()

    monkeypatch.setattr(runner, "analyze", cancel_then_say_nothing)
    assert finished(job).state == JobState.CANCELLED
    assert ended[0] == job.id


def test_work_that_stands_still_is_given_back_and_its_process_ended(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    ended, settings.STALL_SECONDS = ended_process(monkeypatch), 0.2
    monkeypatch.setattr(heartbeat, "LET_GO_SECONDS", 0.1)
    monkeypatch.setattr(runner, "analyze", silent_work(0.8))
    job = finished(job_for(SPEECH))
    assert (job.state, job.attempt) == (JobState.QUEUED, 1)
    assert ended[0] == job.id


def test_work_may_take_as_long_as_its_recording_allows_and_no_longer(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    ended_process(monkeypatch)
    settings.STALL_SECONDS, settings.TIME_LIMIT_RATIO = 0.5, 0.01

    def crawl(*_: Any, progress: Any, length: Any, **__: Any) -> None:
        length(recorded_seconds)
        for step in range(12):
            progress("model", step / 12)
            sleep(0.1)
        raise AnalysisError

    monkeypatch.setattr(runner, "analyze", crawl)
    recorded_seconds = 3600.0
    job = finished(job_for(SPEECH))
    assert job.error_code == AnalysisError.code
    recorded_seconds = 1.0
    AnalysisJob.objects.filter(id=job.id).update(state=JobState.QUEUED, error_code="")
    assert finished(job).state == JobState.QUEUED


def test_a_job_that_takes_too_long_three_times_fails_with_that_reason(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    ended_process(monkeypatch)
    settings.STALL_SECONDS = 0.1
    monkeypatch.setattr(runner, "analyze", silent_work(0.5))
    job = job_for(SPEECH)
    for _ in range(settings.MAX_ATTEMPTS):
        finished(job)
    assert (job.state, job.error_code) == (JobState.FAILED, "took_too_long")


@pytest.mark.parametrize(
    "trouble",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_an_accelerator_without_memory_is_trouble_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise trouble

    monkeypatch.setattr(runner, "analyze", fail)
    assert finished(job_for(SPEECH)).state == JobState.QUEUED


def test_a_hand_over_that_meets_a_lost_connection_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ended_process(monkeypatch)
    monkeypatch.setattr(worker, "leaving", lambda: True)
    hand_over, calls = services.job_hand_over, []

    def away_at_first(claim: services.Claim) -> bool:
        calls.append(claim)
        if len(calls) < 3:
            raise OperationalError
        return hand_over(claim)

    def work(*_: Any, progress: Any, **__: Any) -> None:
        for _ in range(100):
            progress("model", 0.5)
            sleep(0.02)

    monkeypatch.setattr(services, "job_hand_over", away_at_first)
    monkeypatch.setattr(runner, "analyze", work)
    job = job_for(SPEECH)
    monkeypatch.setattr(worker, "leaving", lambda: bool(AnalysisJob.objects.filter(state=JobState.RUNNING)))
    job = finished(job)
    assert (job.state, job.attempt, len(calls)) == (JobState.QUEUED, 0, 3)


@pytest.mark.parametrize("fault", [DataError("the row: 0.73"), ValueError("0.73")])
def test_a_result_that_cannot_be_stored_fails_the_job_and_tells_the_log_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise fault

    monkeypatch.setattr(services, "job_succeed", fail)
    job = finished(job_for(SPEECH))
    assert (job.state, job.error_code) == (JobState.FAILED, "internal_error")
    assert "0.73" not in caplog.text
    assert type(fault).__name__ in caplog.text


def test_a_clip_that_hangs_is_noticed_as_any_other_standstill(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    ended, settings.STALL_SECONDS = ended_process(monkeypatch), 0.2
    monkeypatch.setattr(heartbeat, "LET_GO_SECONDS", 0.1)
    kept_clip()

    def hang(*_: Any, progress: Any, **__: Any) -> None:
        sleep(0.8)
        progress(0.0)

    monkeypatch.setattr(runner, "decode", hang)
    assert finished(job_for(SPEECH)).state == JobState.QUEUED
    assert ended


def test_the_row_shows_how_far_the_work_is(monkeypatch: pytest.MonkeyPatch) -> None:
    job, seen = job_for(SPEECH), []

    def work(*_: Any, progress: Any, **__: Any) -> None:
        for stage, fraction in (("decode", 0.1), ("model", 0.7)):
            progress(stage, fraction)
            sleep(0.2)
            job.refresh_from_db()
            seen.append((job.stage, job.progress))
        raise AnalysisError

    monkeypatch.setattr(heartbeat, "PROGRESS_SECONDS", 0.05)
    monkeypatch.setattr(runner, "analyze", work)
    finished(job)
    assert seen == [("decode", 0.1), ("model", 0.7)]


def test_a_stage_that_says_nothing_for_long_keeps_its_lease(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.LEASE_SECONDS, settings.HEARTBEAT_SECONDS = 1, 0.1
    monkeypatch.setattr(heartbeat, "PROGRESS_SECONDS", 0.05)
    job = job_for(SPEECH)

    def work(*_: Any, **__: Any) -> None:
        sleep(1.5)
        assert not AnalysisJob.objects.claimable().filter(id=job.id).exists()
        raise AnalysisError

    monkeypatch.setattr(runner, "analyze", work)
    assert finished(job).error_code == AnalysisError.code


def test_a_database_connection_lost_meanwhile_costs_no_analysis(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.HEARTBEAT_SECONDS = 0.1
    monkeypatch.setattr(heartbeat, "PROGRESS_SECONDS", 0.05)

    def work(*args: Any, **kwargs: Any) -> Any:
        sleep(0.3)
        with suppress(OperationalError), connection.cursor() as cursor:
            # Our own connection last, or the others would survive it.
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() ORDER BY pid = pg_backend_pid()"
            )
        return pipeline.analyze(*args, **kwargs)

    monkeypatch.setattr(runner, "analyze", work)
    job = job_for(SPEECH)
    runner.run(job.id)
    connection.close()
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)


def test_a_job_that_another_worker_holds_is_left_alone() -> None:
    job = job_for(SPEECH)
    services.job_claim(job.id)
    assert finished(job).attempt == 1


def told(monkeypatch: pytest.MonkeyPatch, **options: Any) -> pipeline.Options:
    """What the engine is told when a job has these options."""
    heard: list[pipeline.Options] = []

    def listen(_: Path, asked: pipeline.Options, *__: Any, **___: Any) -> None:
        heard.append(asked)
        raise AnalysisError

    monkeypatch.setattr(runner, "analyze", listen)
    job = job_for(SPEECH)
    AnalysisJob.objects.filter(id=job.id).update(options=options)
    runner.run(job.id)
    return heard[0]


def kept_clip(content: bytes | None = None) -> Stored:
    """A clip that somebody above the engine names."""
    name_the_clip()
    path = Path(default_storage.path("voices/one"))
    path.parent.mkdir(parents=True)
    path.write_bytes(SPEECH.read_bytes() if content is None else content)
    return Stored("voices/one")


def name_the_clip() -> None:
    def answer(**_: Any) -> str:
        return "voices/one"

    counselor_voice_asked.connect(answer, weak=False)


def test_a_job_that_says_nothing_tells_the_engine_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch) == pipeline.Options()


def test_the_engine_is_told_that_a_person_swapped_the_two(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, swapped=True) == pipeline.Options(swapped=True)


def test_the_engine_is_given_the_counselors_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = kept_clip()
    assert told(monkeypatch) == pipeline.Options(counselor_voice=clip)


def test_where_nobody_answers_the_engine_is_given_no_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    counselor_voice_asked.connect(silent)
    assert told(monkeypatch) == pipeline.Options()


def silent(**_: Any) -> None:
    """A receiver that knows of no clip."""


@pytest.mark.parametrize("options", [{"patient_channel": "left"}, {"swapped": True}, {"swapped": False}])
def test_beside_a_channel_or_a_persons_choice_no_clip_is_used(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    kept_clip()
    assert told(monkeypatch, **options).counselor_voice is None


@pytest.mark.parametrize("content", [None, b"", b"no sound at all" * 100], ids=["deleted", "empty", "damaged"])
def test_without_a_clip_that_can_be_heard_the_recording_is_analysed_all_the_same(content: bytes | None) -> None:
    if content is None:
        name_the_clip()
    else:
        kept_clip(content)
    assert finished(job_for(SPEECH)).state == JobState.SUCCEEDED


def test_a_clip_deleted_while_the_analysis_runs_does_not_fail_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clip, job = kept_clip(), job_for(SPEECH)

    def delete_then_look(path: Path, options: pipeline.Options, *args: Any, **kwargs: Any) -> Any:
        if options.counselor_voice:
            default_storage.delete(clip.name)
            options.counselor_voice.open("rb")
        return pipeline.analyze(path, options, *args, **kwargs)

    monkeypatch.setattr(runner, "analyze", delete_then_look)
    assert finished(job).state == JobState.SUCCEEDED


def test_a_recording_deleted_while_the_analysis_runs_is_not_blamed_on_the_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise FileNotFoundError

    kept_clip()
    job = job_for(SPEECH)
    monkeypatch.setattr(runner, "analyze", gone)
    assert finished(job).error_code == "file_gone"
