"""Who the patient is: confirmed once, swapped once, and never by somebody who may not say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from accounts.models import AccessLogEntry
from inference.models import Analysis, AnalysisJob, JobState, Timeline
from inference.speakers import ASSUMED, BY_CHANNEL, BY_ENROLMENT, BY_LENGTH, BY_PERSON
from sessions_app import identification
from sessions_app.errors import ConsentMissing
from sessions_app.identification import patient_channel_name, patient_confirm, patient_swap
from sessions_app.models import Confirmation, Consent, PatientChannel, Recording
from sessions_app.trends import trend_of
from tenancy import every_clinic
from tests.world import RecordingFactory, SessionFactory, World, analysed, make_world


def found(world: World, method: str, **fields: Any) -> Recording:
    """A recording of Alice's patient in which the patient was found by ``method``."""
    return analysed(SessionFactory(patient=world.alices_patient), method=method, **fields)


def swapped(world: World, recording: Recording) -> Recording:
    assert patient_swap(user=world.alice, recording=recording, seen=recording.job_id)
    recording.refresh_from_db()
    return recording


@pytest.mark.parametrize("method", [BY_LENGTH, ASSUMED])
def test_an_assumption_is_confirmed_with_who_and_when(world: World, method: str) -> None:
    recording = found(world, method)
    assert patient_confirm(user=world.alice, recording=recording, seen=recording.job_id)
    confirmation = Confirmation.objects.get(analysis=recording.analysis)
    assert confirmation.confirmed_by == world.alice
    assert (timezone.now() - confirmation.confirmed_at).total_seconds() < 60


@pytest.mark.parametrize("method", [BY_CHANNEL, BY_ENROLMENT, BY_PERSON])
def test_what_is_no_assumption_needs_no_confirmation(world: World, method: str) -> None:
    recording = found(world, method)
    assert not patient_confirm(user=world.alice, recording=recording, seen=recording.job_id)
    assert not Confirmation.objects.exists()


def test_whoever_confirms_second_changes_nothing(world: World) -> None:
    recording = found(world, BY_LENGTH)
    world.alices_patient.care_team.add(world.bob)
    for user in (world.alice, world.bob):
        assert patient_confirm(user=user, recording=recording, seen=recording.job_id)
    assert Confirmation.objects.get().confirmed_by == world.alice
    assert AccessLogEntry.objects.filter(action="confirm_patient").count() == 1


def test_a_swap_queues_another_job_and_takes_the_other_persons_scores_away_at_once(world: World) -> None:
    recording = found(world, BY_LENGTH)
    before = recording.job_id
    job = swapped(world, recording).job
    assert (job.state, job.options, job.subject) == (JobState.QUEUED, {"swapped": True}, recording.id)
    assert (job.id == before, job.tenant) == (False, world.clinic.id)
    assert recording.analysis is None
    assert trend_of(world.alices_patient, world.alice).points[0].scores == {}


@pytest.mark.parametrize(
    ("method", "talk_ratio", "takes_the_shorter"),
    [
        (BY_LENGTH, 0.7, True),
        (BY_PERSON, 0.3, False),
        (BY_ENROLMENT, 0.7, True),
        (BY_ENROLMENT, 0.3, False),
    ],
)
def test_a_swap_means_the_other_person_however_the_first_was_found(
    world: World, method: str, talk_ratio: float, takes_the_shorter: bool
) -> None:
    recording = found(world, method, talk_ratio=talk_ratio)
    assert swapped(world, recording).job.options == {"swapped": takes_the_shorter}


def test_on_channels_a_swap_means_the_other_channel_and_back(world: World) -> None:
    recording = found(world, BY_CHANNEL, patient_channel="left")
    assert swapped(world, recording).job.options == {"patient_channel": "right"}
    assert recording.patient_channel == "right"
    fail(recording, "no_speech")
    assert swapped(world, recording).job.options == {"patient_channel": "left"}


def fail(recording: Recording, code: str) -> None:
    AnalysisJob.objects.filter(id=recording.job_id).update(state=JobState.FAILED, error_code=code, error_message="No.")
    recording.refresh_from_db()


def test_a_swap_that_failed_can_be_taken_back(world: World) -> None:
    recording = swapped(world, found(world, BY_LENGTH))
    fail(recording, "bad_options")
    assert swapped(world, recording).job.options == {"swapped": False}


@pytest.mark.parametrize("channel", ["", "left"])
def test_one_voice_cannot_be_swapped(world: World, channel: str) -> None:
    recording = found(world, ASSUMED, patient_channel=channel)
    assert not patient_swap(user=world.alice, recording=recording, seen=recording.job_id)
    assert AnalysisJob.objects.count() == 1


def test_a_file_that_is_no_audio_is_not_helped_by_another_channel(world: World) -> None:
    session = SessionFactory(patient=world.alices_patient)
    recording = RecordingFactory(session=session, patient_channel="left")
    fail(recording, "not_audio")
    assert not identification.can_be_swapped(recording)


def test_a_confirmation_does_not_outlive_the_analysis_that_it_was_about(world: World) -> None:
    recording = found(world, BY_LENGTH)
    patient_confirm(user=world.alice, recording=recording, seen=recording.job_id)
    swapped(world, recording)
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize(("method", "channel"), [(BY_LENGTH, ""), (BY_CHANNEL, "left")])
def test_after_a_swap_nothing_is_left_of_what_was_measured_in_the_other_persons_voice(
    world: World, method: str, channel: str
) -> None:
    kept = found(world, method)
    swapped(world, found(world, method, patient_channel=channel))
    assert Analysis.objects.get() == kept.analysis
    assert Timeline.objects.get().analysis == kept.analysis


@pytest.mark.parametrize("decide", [patient_confirm, patient_swap])
def test_a_decision_about_an_analysis_that_is_not_shown_any_more_does_nothing(world: World, decide: Any) -> None:
    recording = found(world, BY_LENGTH)
    assert not decide(user=world.alice, recording=recording, seen=uuid4())
    assert (Confirmation.objects.count(), AnalysisJob.objects.count()) == (0, 1)


@pytest.mark.parametrize(("decide", "action"), [(patient_confirm, "confirm_patient"), (patient_swap, "swap_patient")])
def test_after_a_withdrawal_nothing_is_decided_and_the_refusal_is_logged(
    world: World, decide: Any, action: str
) -> None:
    recording = found(world, BY_LENGTH)
    Consent.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(ConsentMissing):
        decide(user=world.alice, recording=recording, seen=recording.job_id)
    recording.refresh_from_db()
    assert recording.analysis is not None
    assert (Confirmation.objects.count(), AnalysisJob.objects.count()) == (0, 1)
    assert AccessLogEntry.objects.get(action=action).allowed is False


@pytest.mark.parametrize("decide", [patient_confirm, patient_swap])
@pytest.mark.parametrize("who", ["sam", "ada", "robot"])
def test_whoever_may_not_say_who_the_patient_is_is_refused(world: World, decide: Any, who: str) -> None:
    recording = found(world, BY_LENGTH)
    with pytest.raises(PermissionDenied):
        decide(user=getattr(world, who), recording=recording, seen=recording.job_id)
    assert (Confirmation.objects.count(), AnalysisJob.objects.count()) == (0, 1)


@pytest.mark.parametrize(("decide", "action"), [(patient_confirm, "confirm_patient"), (patient_swap, "swap_patient")])
def test_a_decision_leaves_one_row_in_the_access_log(world: World, decide: Any, action: str) -> None:
    recording = found(world, BY_LENGTH)
    decide(user=world.alice, recording=recording, seen=recording.job_id)
    entry = AccessLogEntry.objects.get()
    assert (entry.actor_id, entry.action, entry.object_id, entry.patient_id, entry.allowed) == (
        world.alice.id,
        action,
        recording.id,
        world.alices_patient.id,
        True,
    )


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_swap_once() -> None:
    world = make_world()
    recording = found(world, BY_LENGTH)

    @every_clinic()
    def click(_: int) -> bool:
        try:
            return patient_swap(user=world.alice, recording=recording, seen=recording.job_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as clicks:
        assert sorted(clicks.map(click, range(6))) == [False] * 5 + [True]
    recording.refresh_from_db()
    assert recording.job.options == {"swapped": True}
    assert AnalysisJob.objects.count() == 2


def unfit(world: World, channel: str = "") -> Recording:
    """A recording whose channels did not fit what was said of them."""
    session = SessionFactory(patient=world.alices_patient)
    options = {"patient_channel": channel} if channel else {}
    recording = RecordingFactory(session=session, patient_channel=channel, job__options=options)
    fail(recording, "bad_channel")
    return recording


@pytest.mark.parametrize(
    ("before", "named", "options"),
    [("", "left", {"patient_channel": "left"}), ("", "right", {"patient_channel": "right"}), ("left", "", {})],
)
@pytest.mark.parametrize("who", ["alice", "sam", "robot"])
def test_a_channel_that_did_not_fit_is_named_anew_and_the_recording_analysed_again(
    world: World, who: str, before: str, named: str, options: dict[str, str]
) -> None:
    recording = unfit(world, before)
    user = getattr(world, who)
    assert patient_channel_name(user=user, recording=recording, channel=PatientChannel(named))
    recording.refresh_from_db()
    assert (recording.patient_channel, recording.named_channel) == (named, named)
    assert (recording.job.state, recording.job.options) == (JobState.QUEUED, options)
    entry = AccessLogEntry.objects.get(action="retry")
    assert (entry.actor_id, entry.object_id, entry.allowed) == (user.id, recording.id, True)


@pytest.mark.parametrize(("before", "named"), [("", ""), ("left", "right"), ("right", "right")])
def test_a_channel_that_cannot_help_is_not_named(world: World, before: str, named: str) -> None:
    recording = unfit(world, before)
    assert not patient_channel_name(user=world.alice, recording=recording, channel=PatientChannel(named))
    assert AnalysisJob.objects.count() == 1


def test_two_clicks_name_a_channel_once(world: World) -> None:
    recording = unfit(world)
    assert patient_channel_name(user=world.alice, recording=recording, channel=PatientChannel.LEFT)
    assert not patient_channel_name(user=world.alice, recording=recording, channel=PatientChannel.RIGHT)
    assert AnalysisJob.objects.count() == 2


def test_no_channel_is_named_for_a_recording_that_fails_for_another_reason(world: World) -> None:
    recording = unfit(world)
    fail(recording, "silent")
    assert not patient_channel_name(user=world.alice, recording=recording, channel=PatientChannel.LEFT)


def test_no_channel_is_named_without_consent_or_by_the_administrator(world: World) -> None:
    recording = unfit(world)
    with pytest.raises(PermissionDenied):
        patient_channel_name(user=world.ada, recording=recording, channel=PatientChannel.LEFT)
    Consent.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(ConsentMissing):
        patient_channel_name(user=world.alice, recording=recording, channel=PatientChannel.LEFT)
    assert AnalysisJob.objects.count() == 1
