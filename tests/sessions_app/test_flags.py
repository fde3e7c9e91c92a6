"""Flags: made and taken away as what is known changes, answered by people, and shown to whom they are for."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from structlog.testing import capture_logs

from accounts.models import AccessLogEntry, AffectPolicy, EmergencyAccess
from inference import services as jobs
from inference.models import AnalysisJob, JobState
from inference.speakers import BY_CHANNEL
from sessions_app import flags, questionnaires, recordings, reviews, services, tasks
from sessions_app.models import (
    Flag,
    FlagKind,
    Instrument,
    Patient,
    QuestionnaireResponse,
    Reason,
    Recording,
    Review,
    Scope,
    Session,
    Verdict,
)
from sessions_app.models.flags import SEEN_SELF_HARM
from tests.pages import signed_in, text
from tests.world import (
    PatientFactory,
    RecordingFactory,
    SessionFactory,
    World,
    analysed,
)

pytestmark = pytest.mark.django_db

POSITIVE, WORSE, NEGATIVE = [0] * 8 + [1], [0] * 8 + [3], [0] * 9


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


def entered(world: World, items: list[int], answered_at: datetime) -> QuestionnaireResponse:
    return questionnaires.questionnaire_enter(
        user=world.alice,
        patient=world.alices_patient,
        instrument=Instrument.PHQ9,
        answered_at=answered_at,
        items=items,
    )


def kinds(patient: Patient) -> list[FlagKind]:
    return [FlagKind(flag.kind) for flag in patient.flags.all()]


def needs(patient: Patient) -> tuple[int, int, int]:
    patient.refresh_from_db()
    return patient.need, patient.need_unheard, patient.need_at_desk


def heard(session: Session, score: float) -> Recording:
    """A recording whose voice is known to be the patient's, and whose score a counselor has reviewed."""
    recording = analysed(session, depression=score, method=BY_CHANNEL)
    counselor = session.patient.care_team.get()
    said = {"verdict": Verdict.AGREE, "reviewed_by": counselor, "reviewed_at": timezone.now()}
    Review.objects.create(patient=session.patient, analysis=recording.analysis, **said)
    return recording


def departed(patient: Patient) -> list[Recording]:
    """Six sessions whose voice is known to be the patient's, the last two far above the first four."""
    scores = (0.3, 0.35, 0.3, 0.35, 0.95, 0.95)
    sessions = [SessionFactory(patient=patient, held_at=ago(weeks=6 - week)) for week in range(6)]
    found = [heard(one, score) for one, score in zip(sessions, scores, strict=True)]
    flags.flags_refresh(patient.id)
    return found


def test_an_answer_about_self_harm_is_flagged_in_the_same_transaction_and_goes_with_a_newer_one(world: World) -> None:
    response = entered(world, POSITIVE, ago(days=3))
    (flag,) = world.alices_patient.flags.all()
    assert (flag.kind, flag.response, flag.since) == (FlagKind.SELF_HARM, response, response.answered_at)
    assert needs(world.alices_patient) == (10, 10, 99)
    entered(world, NEGATIVE, ago(days=1))
    assert kinds(world.alices_patient) == []
    assert needs(world.alices_patient) == (99, 99, 99)


def test_a_correction_and_a_removal_are_followed(world: World) -> None:
    response = entered(world, NEGATIVE, ago(days=3))
    questionnaires.questionnaire_correct(
        user=world.alice, response=response, answered_at=response.answered_at, items=POSITIVE
    )
    assert kinds(world.alices_patient) == [FlagKind.SELF_HARM]
    questionnaires.questionnaire_remove(user=world.alice, response=response)
    assert kinds(world.alices_patient) == []


def test_what_is_seen_about_self_harm_stays_on_top_and_is_never_put_off(world: World) -> None:
    entered(world, POSITIVE, ago(days=3))
    flag = world.alices_patient.flags.get()
    flags.flag_see(user=world.alice, flag=flag)
    flag.refresh_from_db()
    assert (flag.answered_by, flag.is_open) == (world.alice, True)
    assert needs(world.alices_patient) == (SEEN_SELF_HARM, SEEN_SELF_HARM, 99)
    with pytest.raises(ValidationError, match="cannot be put off"):
        flags.flag_put_off(user=world.alice, flag=flag, until=timezone.localdate() + timedelta(days=3))
    with pytest.raises(IntegrityError), transaction.atomic():
        Flag.objects.filter(id=flag.id).update(until=timezone.localdate())


def test_a_newer_answer_about_self_harm_is_another_flag_that_nobody_has_seen(world: World) -> None:
    first = entered(world, POSITIVE, ago(days=9))
    seen = world.alices_patient.flags.get()
    flags.flag_see(user=world.alice, flag=seen)
    entered(world, POSITIVE, ago(days=2))
    flag = world.alices_patient.flags.get()
    assert flag.id != seen.id
    assert (flag.answered_at, flag.since) == (None, first.answered_at)


@pytest.mark.parametrize(("items", "seen_by"), [(WORSE, None), (POSITIVE, "Alice")])
def test_answers_that_were_corrected_ask_anew_and_a_corrected_time_does_not(
    world: World, items: list[int], seen_by: str | None
) -> None:
    response = entered(world, POSITIVE, ago(days=9))
    flags.flag_see(user=world.alice, flag=world.alices_patient.flags.get())
    questionnaires.questionnaire_correct(user=world.alice, response=response, answered_at=ago(days=8), items=items)
    answered_by = world.alices_patient.flags.get().answered_by
    assert (answered_by and answered_by.display_name) == seen_by


def test_a_flag_that_was_seen_stays_so_while_it_rests_on_the_same(world: World) -> None:
    departed(world.alices_patient)
    flag = world.alices_patient.flags.get(kind=FlagKind.BEYOND_BASELINE)
    flags.flag_see(user=world.alice, flag=flag)
    assert needs(world.alices_patient)[0] == 99
    another = SessionFactory(patient=world.alices_patient, held_at=ago(hours=3))
    heard(another, 0.96)
    flags.flags_refresh(world.alices_patient.id)
    flag.refresh_from_db()
    assert flag.answered_by == world.alice
    flags.flag_reopen(user=world.alice, flag=flag)
    assert needs(world.alices_patient)[0] == FlagKind.BEYOND_BASELINE


def test_what_was_put_off_asks_again_on_its_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    departed(world.alices_patient)
    flag = world.alices_patient.flags.get(kind=FlagKind.BEYOND_BASELINE)
    day = timezone.localdate() + timedelta(days=1)
    flags.flag_put_off(user=world.alice, flag=flag, until=day)
    world.alices_patient.refresh_from_db()
    assert needs(world.alices_patient)[0] == 99
    assert timezone.localdate(world.alices_patient.look_again_at) == day
    assert flags.flags_refresh_due() == 2  # the two patients at whom nobody has ever looked
    then = timezone.now() + timedelta(days=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: then)
    assert flags.flags_refresh_due() == 3
    assert needs(world.alices_patient)[0] == FlagKind.BEYOND_BASELINE
    flag.refresh_from_db()
    assert (flag.answered_by, flag.until) == (None, None)


@pytest.mark.parametrize(("days", "message"), [(0, "after today"), (-3, "after today"), (400, "half a year")])
def test_a_day_that_cannot_be_meant_is_refused(world: World, days: int, message: str) -> None:
    departed(world.alices_patient)
    flag = world.alices_patient.flags.get()
    with pytest.raises(ValidationError, match=message):
        flags.flag_put_off(user=world.alice, flag=flag, until=timezone.localdate() + timedelta(days=days))


def test_who_answered_what_is_in_the_access_log(world: World) -> None:
    departed(world.alices_patient)
    flag = world.alices_patient.flags.get()
    flags.flag_see(user=world.alice, flag=flag)
    flags.flag_put_off(user=world.alice, flag=flag, until=timezone.localdate() + timedelta(days=2))
    flags.flag_reopen(user=world.alice, flag=flag)
    rows = AccessLogEntry.objects.order_by("id").values_list("action", "object_kind", "object_id", "patient_id")
    about = ("flag", flag.id, world.alices_patient.id)
    assert list(rows) == [("see_flag", *about), ("put_off_flag", *about), ("reopen_flag", *about)]


@pytest.mark.parametrize("who", ["ada", "robot"])
def test_the_administrator_and_programs_answer_none(world: World, who: str) -> None:
    departed(world.alices_patient)
    with pytest.raises(PermissionDenied):
        flags.flag_see(user=getattr(world, who), flag=world.alices_patient.flags.get())


def test_under_emergency_access_a_flag_is_seen_and_not_answered(world: World) -> None:
    entered(world, POSITIVE, ago(days=1))
    EmergencyAccess.objects.create(
        clinic=world.clinic,
        user=world.bob,
        patient_id=world.alices_patient.id,
        reason="Alice is away.",
        ends_at=timezone.now() + timedelta(hours=1),
    )
    flag = Flag.objects.visible_to(world.bob).get()
    with pytest.raises(PermissionDenied):
        flags.flag_see(user=world.bob, flag=flag)


def test_a_withdrawn_consent_takes_away_what_rests_on_a_voice_at_once(world: World) -> None:
    departed(world.alices_patient)
    assert kinds(world.alices_patient) == [FlagKind.BEYOND_BASELINE]
    services.consent_withdraw(user=world.alice, patient=world.alices_patient)
    assert kinds(world.alices_patient) == []


def test_a_consent_that_is_recorded_brings_it(world: World) -> None:
    world.alices_patient.consents.all().delete()
    departed(world.alices_patient)
    assert kinds(world.alices_patient) == []
    services.consent_record(
        user=world.alice,
        patient=world.alices_patient,
        given_on=ago(weeks=20).date(),
        text_version="1",
        scopes=[Scope.VOICE_ANALYSIS],
    )
    assert kinds(world.alices_patient) == [FlagKind.BEYOND_BASELINE]


@pytest.mark.parametrize("policy", [AffectPolicy.OFF, AffectPolicy.RESEARCH])
def test_what_rests_on_a_voice_is_not_there_where_the_policy_shows_no_score(world: World, policy: AffectPolicy) -> None:
    departed(world.alices_patient)
    assert Flag.objects.visible_to(world.alice).exists()
    world.clinic.affect_policy = policy
    world.clinic.save()
    world.alice.refresh_from_db()
    assert not Flag.objects.visible_to(world.alice).exists()


def test_staff_see_nothing_clinical_and_the_administrator_nothing(world: World) -> None:
    entered(world, POSITIVE, ago(days=60))
    departed(world.alices_patient)
    RecordingFactory(
        session=SessionFactory(patient=world.alices_patient, held_at=ago(hours=5)),
        job__state=JobState.FAILED,
        job__error_code="silent",
    )
    flags.flags_refresh(world.alices_patient.id)
    assert kinds(world.alices_patient) == [FlagKind.SELF_HARM, FlagKind.BEYOND_BASELINE, FlagKind.ANALYSIS_FAILED]
    assert needs(world.alices_patient) == (10, 10, 70)
    assert [flag.kind for flag in Flag.objects.visible_to(world.sam)] == [FlagKind.ANALYSIS_FAILED]
    for who in (world.ada, world.bob, world.mallory):
        assert not Flag.objects.visible_to(who).exists()


def test_a_session_ends_that_none_was_held_for_long(world: World) -> None:
    SessionFactory(patient=world.alices_patient, held_at=ago(weeks=8))
    flags.flags_refresh(world.alices_patient.id)
    assert kinds(world.alices_patient) == [FlagKind.OVERDUE]
    session = services.session_add(user=world.sam, patient=world.alices_patient, held_at=ago(hours=1))
    assert kinds(world.alices_patient) == []
    world.alices_patient.refresh_from_db()
    assert world.alices_patient.last_session_at == session.held_at


def test_the_clinic_says_what_is_long_and_all_its_patients_are_looked_at_again(world: World) -> None:
    SessionFactory(patient=world.alices_patient, held_at=ago(weeks=8))
    flags.flags_refresh(world.alices_patient.id)
    assert kinds(world.alices_patient) == [FlagKind.OVERDUE]
    client = signed_in(world.ada)
    assert "1 to 25 weeks" in text(client.post("/clinic/overdue/", {"overdue_weeks": 26}, follow=True))
    assert "Saved." in text(client.post("/clinic/overdue/", {"overdue_weeks": 10}, follow=True))
    assert flags.flags_refresh_due() == 3
    assert kinds(world.alices_patient) == []
    assert AccessLogEntry.objects.get(object_kind="clinic").action == "set_overdue_weeks"


def test_a_command_looks_at_everybody_now(world: World) -> None:
    SessionFactory(patient=world.mallorys_patient, held_at=ago(weeks=8))
    out = StringIO()
    call_command("refresh_flags", stdout=out)
    assert out.getvalue() == "Looked at 3 patients.\n"
    assert kinds(world.mallorys_patient) == [FlagKind.OVERDUE]


def test_the_clock_of_beat_looks_at_who_is_due(world: World) -> None:
    SessionFactory(patient=world.alices_patient, held_at=ago(weeks=8))
    tasks.refresh_flags()
    assert kinds(world.alices_patient) == [FlagKind.OVERDUE]
    assert settings.CELERY_BEAT_SCHEDULE["refresh-flags"]["task"] == tasks.refresh_flags.name


def test_a_patient_who_cannot_be_looked_at_keeps_nobody_waiting_and_is_in_no_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patient in (world.alices_patient, world.bobs_patient):
        SessionFactory(patient=patient, held_at=ago(weeks=8))
    Patient.objects.filter(id=world.alices_patient.id).update(look_again_at=ago(days=9))
    written = flags._written

    def written_but_for_one(patient: Patient, *known: Any) -> list[Flag]:
        if patient == world.alices_patient:
            raise ValueError(f"{patient.full_name}, {patient.reference}")
        return written(patient, *known)

    monkeypatch.setattr(flags, "_written", written_but_for_one)
    with capture_logs() as lines:
        assert flags.flags_refresh_due() == 3
    assert kinds(world.bobs_patient) == [FlagKind.OVERDUE]
    assert lines == [{"event": "flags_not_refreshed", "error": "ValueError", "log_level": "error"}]
    world.alices_patient.refresh_from_db()
    assert ago(hours=-23) < world.alices_patient.look_again_at < ago(hours=-25)
    assert flags.flags_refresh_due() == 0


@pytest.mark.parametrize("answer", ["see", "put_off", "reopen"])
def test_an_answer_to_a_flag_that_is_gone_says_so_and_is_in_no_log(world: World, answer: str) -> None:
    departed(world.alices_patient)
    old = world.alices_patient.flags.get()
    world.alices_patient.flags.all().delete()
    flags.flags_refresh(world.alices_patient.id)
    said = {"until": timezone.localdate() + timedelta(days=2)} if answer == "put_off" else {}
    assert getattr(flags, f"flag_{answer}")(user=world.alice, flag=old, **said) is False
    new = world.alices_patient.flags.get()
    assert (new.id != old.id, new.answered_at) == (True, None)
    assert not AccessLogEntry.objects.exists()
    assert getattr(flags, f"flag_{answer}")(user=world.alice, flag=new, **said) is True


def test_scores_wait_until_a_counselor_has_reviewed_them(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient, held_at=ago(days=2)))
    flags.flags_refresh(world.alices_patient.id)
    assert kinds(world.alices_patient) == [FlagKind.REVIEW_WAITING]
    assert recording.analysis is not None
    reviews.review_set(
        user=world.alice,
        recording=recording,
        seen=recording.analysis.id,
        verdict=Verdict.AGREE,
        reason=Reason.NONE,
        note="",
    )
    assert kinds(world.alices_patient) == []


def test_deleting_the_recording_takes_what_was_said_of_it(world: World) -> None:
    recording = RecordingFactory(
        session=SessionFactory(patient=world.alices_patient, held_at=ago(days=2)),
        job__state=JobState.FAILED,
        job__error_code="silent",
    )
    AnalysisJob.objects.filter(id=recording.job_id).update(subject=recording.id)
    flags.flags_refresh(world.alices_patient.id)
    assert kinds(world.alices_patient) == [FlagKind.ANALYSIS_FAILED]
    recordings.recording_delete(user=world.alice, recording=recording)
    assert kinds(world.alices_patient) == []


def test_an_analysis_that_failed_is_flagged_when_its_job_has_ended_and_no_more_when_it_is_tried_again(
    world: World, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    session = SessionFactory(patient=world.alices_patient, held_at=ago(days=2))
    recording = RecordingFactory(session=session)
    AnalysisJob.objects.filter(id=recording.job_id).update(subject=recording.id)
    claim = jobs.job_claim(recording.job_id)
    assert claim
    with django_capture_on_commit_callbacks(execute=True):
        jobs.job_fail(claim, code="machine_trouble", message="The server ran out of memory.")
        assert kinds(world.alices_patient) == []
    assert kinds(world.alices_patient) == [FlagKind.ANALYSIS_FAILED]
    assert recordings.recording_retry(user=world.alice, recording=Recording.objects.get(id=recording.id))
    assert kinds(world.alices_patient) == []


def test_looking_again_changes_nothing_where_nothing_has_changed(world: World) -> None:
    entered(world, POSITIVE, ago(days=3))
    departed(world.alices_patient)
    before = list(Flag.objects.order_by("id").values())
    flags.flags_refresh(world.alices_patient.id)
    assert list(Flag.objects.order_by("id").values()) == before


def test_no_patient_no_flags(world: World) -> None:
    gone = PatientFactory(clinic=world.clinic)
    patient_id = gone.id
    gone.delete()
    flags.flags_refresh(patient_id)
    assert not Flag.objects.exists()


def test_no_score_stands_in_a_flag(world: World) -> None:
    departed(world.alices_patient)
    assert {type(field) for field in Flag._meta.get_fields()} <= {
        *(models.UUIDField, models.ForeignKey, models.DateTimeField, models.DateField),
        *(models.PositiveSmallIntegerField, models.GeneratedField),
    }
    numbers = {value for row in Flag.objects.values() for value in row.values() if isinstance(value, (int, float))}
    assert numbers == {FlagKind.BEYOND_BASELINE}
    assert "0.9" not in str(list(Flag.objects.values()))
