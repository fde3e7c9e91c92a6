"""What people decide about a recording: delete it, cancel its analysis, have it analysed anew."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.signals import post_delete
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccessLogEntry, AffectPolicy
from inference import checkpoints, pipeline, runner
from inference import services as jobs
from inference.heartbeat import Heartbeat
from inference.models import Analysis, AnalysisJob, JobState, Priority, Timeline
from inference.results import PIPELINE_VERSION
from inference.speakers import BY_LENGTH
from sessions_app import recordings, uploads
from sessions_app.errors import ConsentMissing
from sessions_app.identification import patient_confirm, patient_swap
from sessions_app.models import Confirmation, Consent, DoomedFile, Recording
from sessions_app.trends import trend_of
from tenancy import every_clinic
from tests.inference.small_models import let_workers_use_a_small_checkpoint
from tests.sound import SECOND_VOICE
from tests.world import SessionFactory, World, analysed, job_done

# A worker's heartbeat writes from a thread of its own, and files go once a deletion is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.CHECKPOINT = "small"
    let_workers_use_a_small_checkpoint(tmp_path, monkeypatch)
    return tmp_path / "media"


@pytest.fixture
def recording(world: World) -> Recording:
    """One of real speech, that waits for its analysis."""
    upload = SimpleUploadedFile("monday.opus", SECOND_VOICE.read_bytes())
    session = SessionFactory(patient=world.alices_patient)
    return uploads.recording_add(user=world.sam, session=session, upload=upload)


class Pause:
    """Called by one thread, it stays there until another lets it go on."""

    def __init__(self) -> None:
        self.reached, self.over = Event(), Event()

    def __call__(self, *_: Any, **__: Any) -> None:
        self.reached.set()
        assert self.over.wait(20)


@contextmanager
def elsewhere(work: Callable[[], Any]) -> Iterator[Future[Any]]:
    """``work`` under way on a connection of its own."""

    @every_clinic()
    def then_hang_up() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(then_hang_up)


def is_held_up(work: Future[Any]) -> bool:
    """Whether ``work`` still waits for somebody after a while."""
    return not wait([work], timeout=1).done


def deciding(world: World, recording: Recording, pause: Pause) -> Callable[[], None]:
    """A decision about the recording that is not taken before the pause is over."""

    def decide() -> None:
        with recordings.locked(world.alice, recording, "reanalyze"):
            pause()

    return decide


def nothing_is_left(media: Path) -> bool:
    rows = [model.objects.count() for model in (Recording, AnalysisJob, Analysis, Timeline, Confirmation, DoomedFile)]
    return not any(rows) and [path for path in media.rglob("*") if path.is_file()] == []


def test_a_deleted_recording_leaves_neither_file_nor_rows(world: World, recording: Recording, media: Path) -> None:
    assert recordings.recording_delete(user=world.alice, recording=recording)
    assert nothing_is_left(media)
    entry = AccessLogEntry.objects.get(action="delete")
    assert (entry.actor_id, entry.object_id, entry.patient_id) == (
        world.alice.id,
        recording.id,
        world.alices_patient.id,
    )


def test_the_session_is_kept(world: World, recording: Recording) -> None:
    recordings.recording_delete(user=world.sam, recording=recording)
    assert list(world.alices_patient.sessions.all()) == [recording.session]


def test_what_was_found_in_it_goes_too_and_so_do_earlier_jobs(world: World, recording: Recording, media: Path) -> None:
    runner.run(recording.job_id)
    recording.refresh_from_db()
    patient_confirm(user=world.alice, recording=recording, seen=recording.job_id)
    pretend_it_was_made_by_another_checkpoint(recording)
    assert recordings.recording_reanalyze(user=world.alice, recording=recording)
    assert AnalysisJob.objects.count() == 2
    recordings.recording_delete(user=world.alice, recording=recording)
    assert nothing_is_left(media)


def test_deleting_twice_deletes_once(world: World, recording: Recording) -> None:
    assert recordings.recording_delete(user=world.alice, recording=recording)
    assert not recordings.recording_delete(user=world.alice, recording=recording)
    assert AccessLogEntry.objects.filter(action="delete").count() == 1


@pytest.mark.parametrize("who", ["ada", "robot"])
def test_a_program_or_the_administrator_deletes_no_recording(world: World, recording: Recording, who: str) -> None:
    with pytest.raises(PermissionDenied):
        recordings.recording_delete(user=getattr(world, who), recording=recording)
    assert AccessLogEntry.objects.filter(action="delete_recording", allowed=False).count() == 1
    assert Recording.objects.exists()


def test_a_worker_that_comes_for_a_deleted_recording_goes_its_way(
    world: World, recording: Recording, media: Path
) -> None:
    recordings.recording_delete(user=world.alice, recording=recording)
    runner.run(recording.job_id)
    assert nothing_is_left(media)


def deleted_at(monkeypatch: pytest.MonkeyPatch, module: Any, call: str, world: World, recording: Recording) -> None:
    """Delete the recording just before the worker makes this ``call``."""
    original: Callable[..., Any] = getattr(module, call)

    def delete_first(*args: Any, **kwargs: Any) -> Any:
        recordings.recording_delete(user=world.alice, recording=recording)
        return original(*args, **kwargs)

    monkeypatch.setattr(module, call, delete_first)


@pytest.mark.parametrize(
    ("module", "call"),
    [(runner, "_analyze"), (runner, "_clip"), (runner, "analyze"), (jobs, "job_succeed")],
    ids=["before", "as it begins", "during", "after"],
)
def test_a_worker_ends_cleanly_when_the_recording_is_deleted_under_its_hands(
    world: World,
    recording: Recording,
    media: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    module: Any,
    call: str,
) -> None:
    deleted_at(monkeypatch, module, call, world, recording)
    runner.run(recording.job_id)
    assert nothing_is_left(media)
    assert "internal_error" not in caplog.text
    assert "Traceback" not in caplog.text


def test_a_recording_deleted_while_its_bytes_are_read_ends_cleanly_too(
    world: World, recording: Recording, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete_once_open(path: Path, *args: Any, **kwargs: Any) -> Any:
        analysis = pipeline.analyze(path, *args, **kwargs)
        recordings.recording_delete(user=world.alice, recording=recording)
        return analysis

    monkeypatch.setattr(runner, "analyze", delete_once_open)
    runner.run(recording.job_id)
    assert nothing_is_left(media)


@pytest.mark.parametrize("running", [False, True])
def test_an_open_analysis_is_cancelled_and_can_be_tried_again(
    world: World, recording: Recording, running: bool
) -> None:
    if running:
        jobs.job_claim(recording.job_id)
    assert recordings.analysis_cancel(user=world.sam, recording=recording)
    recording.job.refresh_from_db()
    assert recording.job.state == JobState.CANCELLED
    assert AccessLogEntry.objects.filter(action="cancel", object_id=recording.id).count() == 1
    assert recordings.recording_retry(user=world.sam, recording=recording)
    runner.run(recording.job_id)
    recording.job.refresh_from_db()
    assert recording.job.state == JobState.SUCCEEDED


def test_what_has_ended_cannot_be_cancelled(world: World, recording: Recording) -> None:
    runner.run(recording.job_id)
    assert not recordings.analysis_cancel(user=world.sam, recording=recording)
    assert not AccessLogEntry.objects.filter(action="cancel").exists()


def pretend_it_was_made_by_another_checkpoint(recording: Recording) -> None:
    Analysis.objects.filter(subject=recording.id).update(checkpoint_version="0.0.1", checkpoint_sha256="cd" * 32)
    recording.refresh_from_db()


@pytest.fixture
def outdated(recording: Recording) -> Recording:
    """A recording that another checkpoint has analysed."""
    runner.run(recording.job_id)
    recording.refresh_from_db()
    pretend_it_was_made_by_another_checkpoint(recording)
    return recording


def test_a_new_analysis_takes_the_place_of_the_old_one_once_it_is_done_and_the_old_one_is_kept(
    world: World, outdated: Recording
) -> None:
    old = outdated.analysis
    assert old is not None
    assert recordings.recording_reanalyze(user=world.alice, recording=outdated)
    outdated.refresh_from_db()
    assert outdated.analysis == old
    assert outdated.job_id != old.job_id
    runner.run(outdated.job_id)
    outdated.refresh_from_db()
    assert outdated.analysis is not None
    assert outdated.analysis.origin_key == recordings.todays_origin()
    assert set(Analysis.objects.filter(subject=outdated.id)) == {old, outdated.analysis}


def test_the_course_has_one_point_per_recording_however_often_it_was_analysed(
    world: World, outdated: Recording
) -> None:
    recordings.recording_reanalyze(user=world.alice, recording=outdated)
    outdated.refresh_from_db()
    runner.run(outdated.job_id)
    outdated.refresh_from_db()
    points = trend_of(world.alices_patient, world.alice).points
    assert [point.origin_key for point in points] == [recordings.todays_origin()]


def test_an_analysis_of_todays_origin_is_not_made_again(world: World, recording: Recording) -> None:
    runner.run(recording.job_id)
    recording.refresh_from_db()
    assert not recordings.recording_reanalyze(user=world.alice, recording=recording)
    assert AnalysisJob.objects.count() == 1


def test_while_one_is_under_way_no_other_is_queued(world: World, outdated: Recording) -> None:
    assert recordings.recording_reanalyze(user=world.alice, recording=outdated)
    assert not recordings.recording_reanalyze(user=world.alice, recording=outdated)


@pytest.mark.parametrize(("code", "queued"), [("checkpoint_unavailable", True), ("silent", False)])
def test_a_failed_analysis_is_made_anew_unless_the_recording_is_to_blame(
    world: World, recording: Recording, code: str, queued: bool
) -> None:
    claim = jobs.job_claim(recording.job_id)
    assert claim is not None
    jobs.job_fail(claim, code=code, message="It failed.")
    recording.refresh_from_db()
    assert recordings.recording_reanalyze(user=world.alice, recording=recording) == queued


def test_without_consent_nothing_is_analysed_anew_and_the_refusal_is_logged(world: World, outdated: Recording) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(ConsentMissing):
        recordings.recording_reanalyze(user=world.alice, recording=outdated)
    assert AccessLogEntry.objects.filter(action="reanalyze", allowed=False).count() == 1


def test_an_analysis_that_was_replaced_meanwhile_cannot_be_tried_again(world: World, recording: Recording) -> None:
    claim = jobs.job_claim(recording.job_id)
    assert claim is not None
    jobs.job_fail(claim, code="machine_trouble", message="It failed.")
    seen = Recording.objects.select_related("session__patient").get(id=recording.id)
    recording.refresh_from_db()
    assert recordings.recording_reanalyze(user=world.alice, recording=recording)
    assert not recordings.recording_retry(user=world.sam, recording=seen)
    assert AnalysisJob.objects.open().filter(subject=recording.id).count() == 1
    assert not AccessLogEntry.objects.filter(action="retry").exists()


def test_a_recording_that_is_to_blame_is_not_queued_again_and_again(world: World, outdated: Recording) -> None:
    assert recordings.recording_reanalyze(user=world.alice, recording=outdated)
    outdated.refresh_from_db()
    claim = jobs.job_claim(outdated.job_id)
    assert claim is not None
    jobs.job_fail(claim, code="truncated", message="It ends in the middle.")
    assert "0 recordings" in reanalyzed_by(world.sam.email)


def test_scores_that_a_policy_withheld_can_be_made_once_it_allows_them(world: World, recording: Recording) -> None:
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()
    runner.run(recording.job_id)
    recording = recordings.recordings_of(world.alice).get(id=recording.id)
    assert not recordings.can_be_reanalyzed(recording, recordings.todays_origin())
    world.clinic.affect_policy = AffectPolicy.ON
    world.clinic.save()
    recording = recordings.recordings_of(world.alice).get(id=recording.id)
    assert recordings.can_be_reanalyzed(recording, recordings.todays_origin())


def test_who_was_confirmed_by_a_person_stays_the_patient_in_a_new_analysis(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), method=BY_LENGTH, talk_ratio=0.7)
    assert patient_confirm(user=world.alice, recording=recording, seen=recording.job_id)
    assert recordings.recording_reanalyze(user=world.alice, recording=recording)
    recording.refresh_from_db()
    assert recording.job.options == {"swapped": False}


def test_the_command_goes_on_where_a_recording_is_deleted_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (analysed(SessionFactory(patient=world.alices_patient)) for _ in range(2))
    reanalyze = recordings.recording_reanalyze

    def after_a_deletion(**asked: Any) -> bool:
        Recording.objects.filter(id=first.id).delete()
        return reanalyze(**asked)

    monkeypatch.setattr("sessions_app.management.commands.reanalyze.recording_reanalyze", after_a_deletion)
    assert "1 recording of" in reanalyzed_by(world.sam.email)
    assert AnalysisJob.objects.open().get().subject == second.id


def two_voices(world: World) -> Recording:
    """A recording whose analysis assumed who the patient is, and another one that it has replaced."""
    recording = analysed(SessionFactory(patient=world.alices_patient), method=BY_LENGTH, talk_ratio=0.7)
    assert recordings.recording_reanalyze(user=world.alice, recording=recording)
    recording.refresh_from_db()
    return recording


def test_who_the_patient_is_stays_decided(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), method=BY_LENGTH, talk_ratio=0.7)
    assert patient_swap(user=world.alice, recording=recording, seen=recording.job_id)
    recording.refresh_from_db()
    claim = jobs.job_claim(recording.job_id)
    assert claim is not None
    jobs.job_fail(claim, code="machine_trouble", message="It failed.")
    recording.refresh_from_db()
    assert recordings.recording_reanalyze(user=world.alice, recording=recording)
    recording.refresh_from_db()
    assert recording.job.options == {"swapped": True}


def test_a_new_analysis_under_way_does_not_keep_anybody_from_confirming_what_is_shown(world: World) -> None:
    recording = two_voices(world)
    assert recording.analysis is not None
    assert patient_confirm(user=world.alice, recording=recording, seen=recording.analysis.job_id)


def test_swapping_forgets_earlier_analyses_too(world: World) -> None:
    recording = two_voices(world)
    job_done(recording.job_id)
    old = recording.analysis
    assert old is not None
    newer = {field.attname: getattr(old, field.attname) for field in Analysis._meta.concrete_fields}
    newer |= {"id": None, "job_id": recording.job_id}
    del newer["id"]
    Recording.objects.update(analysis=Analysis.objects.create(**newer))
    recording.refresh_from_db()
    assert Analysis.objects.count() == 2
    assert patient_swap(user=world.alice, recording=recording, seen=recording.job_id)
    assert not Analysis.objects.exists()


def reanalyzed_by(email: str) -> str:
    out = io.StringIO()
    call_command("reanalyze", email, stdout=out)
    return out.getvalue()


def test_the_command_queues_a_clinics_recordings_behind_everybody_else_and_only_once(world: World) -> None:
    mine = [analysed(SessionFactory(patient=patient)) for patient in (world.alices_patient, world.bobs_patient)]
    analysed(SessionFactory(patient=world.mallorys_patient))
    assert reanalyzed_by(world.sam.email) == "Queued for a new analysis: 2 recordings of Willow House.\n"
    waiting = AnalysisJob.objects.open()
    assert {job.subject for job in waiting} == {one.id for one in mine}
    assert {job.priority for job in waiting} == {Priority.NOBODY}
    assert "0 recordings" in reanalyzed_by(world.sam.email)


def test_the_command_says_how_many_no_consent_covers(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    Consent.objects.update(withdrawn_at=timezone.now())
    assert "because no consent covers the session: 1." in reanalyzed_by(world.sam.email)


@pytest.mark.parametrize("who", ["nobody", "ada"])
def test_the_command_refuses_who_may_not(world: World, who: str) -> None:
    email = getattr(world, who).email if who == "ada" else "nobody@clinic.test"
    with pytest.raises(CommandError, match=email):
        reanalyzed_by(email)


def test_todays_origin_is_that_of_the_installations_checkpoint(settings: Settings) -> None:
    identity = checkpoints.describe(settings.CHECKPOINT).identity
    assert recordings.todays_origin() == f"{identity.name} {identity.version} {identity.sha256} {PIPELINE_VERSION}"
    settings.CHECKPOINT = "none-of-this-name"
    assert recordings.todays_origin() is None


def test_a_deletion_waits_for_a_worker_that_is_storing_and_takes_away_what_it_stored(
    world: World, recording: Recording, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = jobs.job_claim(recording.job_id)
    assert claim is not None
    analysis, pause, columns = runner._analyze(claim, Heartbeat(claim)), Pause(), jobs._timeline_columns
    # The job is closed by then, and the recording not yet touched.
    monkeypatch.setattr(jobs, "_timeline_columns", lambda found: [pause(), columns(found)][1])
    with elsewhere(lambda: jobs.job_succeed(claim, analysis)) as worker:
        assert pause.reached.wait(20)
        with elsewhere(lambda: recordings.recording_delete(user=world.alice, recording=recording)) as deletion:
            held_up = is_held_up(deletion)
            pause.over.set()
            assert deletion.result(timeout=20)
        assert worker.result(timeout=20) is not None
    assert held_up
    assert nothing_is_left(media)


def test_a_worker_that_would_store_waits_for_a_deletion_and_stores_nothing(
    world: World, recording: Recording, media: Path
) -> None:
    claim = jobs.job_claim(recording.job_id)
    assert claim is not None
    analysis, pause = runner._analyze(claim, Heartbeat(claim)), Pause()
    post_delete.connect(pause, sender=Recording)
    try:
        with elsewhere(lambda: recordings.recording_delete(user=world.alice, recording=recording)) as deletion:
            assert pause.reached.wait(20)
            with elsewhere(lambda: jobs.job_succeed(claim, analysis)) as worker:
                held_up = is_held_up(worker)
                pause.over.set()
                assert worker.result(timeout=20) is None
            assert deletion.result(timeout=20)
    finally:
        post_delete.disconnect(pause, sender=Recording)
    assert held_up
    assert nothing_is_left(media)


def test_a_deletion_waits_for_whoever_decides_about_the_patient(world: World, outdated: Recording, media: Path) -> None:
    pause = Pause()
    with elsewhere(deciding(world, outdated, pause)):
        assert pause.reached.wait(20)
        with elsewhere(lambda: recordings.recording_delete(user=world.alice, recording=outdated)) as deletion:
            held_up = is_held_up(deletion)
            pause.over.set()
            assert deletion.result(timeout=20)
    assert held_up
    assert nothing_is_left(media)
