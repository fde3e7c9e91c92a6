"""The synthetic clinic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from accounts.models import Clinic, Role, User
from inference.models import AnalysisJob
from sessions_app.annotations import marks_of
from sessions_app.demo.beside import EVENTS
from sessions_app.demo.courses import Course, plan
from sessions_app.demo.people import LOGINS, PATIENTS
from sessions_app.demo.seed import AUDIO, audio_file, seed
from sessions_app.models import Annotation, Flag, FlagKind, Patient, QuestionnaireResponse, Recording, Session
from tenancy import every_clinic

MEBIBYTE = 1024**2
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def _seeded(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The clinic, made once for all tests of this file, as it takes a second or two."""
    media = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    around = transaction.atomic()
    # As Django marks its own transactions around tests: the seeding may take it for none.
    around._from_testcase = True  # type: ignore[attr-defined]
    with django_db_blocker.unblock(), media, every_clinic(), around:
        assert seed(TODAY)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def clinic(_seeded: None, db: None) -> Clinic:
    return Clinic.objects.get(is_synthetic=True)


def test_the_clinic_has_two_counselors_staff_an_administrator_and_enough_to_see(clinic: Clinic) -> None:
    roles = sorted(clinic.users.values_list("role", flat=True))
    assert roles == [Role.ADMIN, Role.COUNSELOR, Role.COUNSELOR, Role.STAFF]
    assert clinic.patients.count() >= 12
    assert Session.objects.count() >= 60
    assert Recording.objects.count() >= 60
    assert Recording.objects.count() == AnalysisJob.objects.open().count()


def test_everybody_on_the_list_can_sign_in(clinic: Clinic) -> None:
    for login in LOGINS:
        user = User.objects.get(email=login.email)
        assert user.check_password(login.password)
        assert (user.role, user.display_name) == (login.role, login.display_name)


def test_seeding_twice_adds_nothing(clinic: Clinic) -> None:
    before = Patient.objects.count(), Session.objects.count(), Recording.objects.count(), User.objects.count()
    assert seed(TODAY) is False
    after = Patient.objects.count(), Session.objects.count(), Recording.objects.count(), User.objects.count()
    assert after == before


def test_a_patient_without_consent_has_sessions_but_no_recording(clinic: Clinic) -> None:
    patient = Patient.objects.get(consents__isnull=True)
    assert patient.sessions.exists()
    assert not Recording.objects.filter(session__patient=patient).exists()


def test_every_counselor_sees_patients_and_neither_sees_all(clinic: Clinic) -> None:
    for counselor in clinic.users.filter(role=Role.COUNSELOR):
        seen = Patient.objects.visible_to(counselor).count()
        assert 0 < seen < clinic.patients.count()


def test_sessions_lie_in_the_past_on_working_days_and_never_two_on_one_day(clinic: Clinic) -> None:
    zone = ZoneInfo(clinic.time_zone)
    for patient in clinic.patients.all():
        days = [timezone.localdate(session.held_at, zone) for session in patient.sessions.all()]
        assert all(day < TODAY and day.weekday() < 5 for day in days)
        assert len(set(days)) == len(days)
    assert TODAY - min(timezone.localdate(session.held_at) for session in Session.objects.all()) > timedelta(days=90)


def test_phq9_goes_with_the_course(clinic: Clinic) -> None:
    for patient in (one for one in PATIENTS if one.course is Course.IMPROVING and not one.answers):
        mine = QuestionnaireResponse.objects.filter(patient__reference=patient.reference, instrument="phq9")
        totals = [answer.total for answer in mine.order_by("answered_at")]
        assert totals[0] - totals[-1] >= 5


def test_recordings_of_two_voices_say_where_the_patient_is(clinic: Clinic) -> None:
    conversation = next(patient.reference for patient in PATIENTS if patient.stereo)
    recordings = Recording.objects.filter(session__patient__reference=conversation)
    assert {recording.patient_channel for recording in recordings} == {"left"}
    assert all(recording.job.options == {"patient_channel": "left"} for recording in recordings)


def test_the_plan_is_the_same_every_time() -> None:
    first = [patient.plan for patient in PATIENTS]
    assert first == [patient.plan for patient in PATIENTS]
    improving = plan("SYN-001", Course.IMPROVING, 7)
    assert [session.phq9 for session in improving] != [session.phq9 for session in plan("SYN-010", Course.IMPROVING, 7)]
    assert improving[0].depression == 0.925


def test_every_session_with_consent_has_its_own_recording_and_all_are_small() -> None:
    expected = {audio_file(patient, session) for patient in PATIENTS if patient.consent for session in patient.plan}
    shipped = set(AUDIO.iterdir())
    assert shipped == expected
    assert len({path.read_bytes() for path in shipped}) == len(shipped)
    assert sum(path.stat().st_size for path in shipped) < 8 * MEBIBYTE


def test_the_first_page_has_several_reasons_before_anything_is_analysed(clinic: Clinic) -> None:
    # Whether somebody is overdue depends on the day of the test.
    clinical = Flag.objects.filter(clinic=clinic).exclude(kind=FlagKind.OVERDUE)
    assert {FlagKind(flag.kind) for flag in clinical} == {FlagKind.SELF_HARM, FlagKind.WORSE_PHQ9, FlagKind.WORSE_GAD7}
    on_top = clinic.patients.filter(need=FlagKind.SELF_HARM)
    assert 0 < on_top.count() < clinic.patients.count() / 4


def test_charts_have_both_questionnaires_and_events_beside_the_voice(clinic: Clinic) -> None:
    for patient in Patient.objects.filter(consents__isnull=False):
        kinds = set(patient.questionnaires.values_list("instrument", flat=True))
        assert kinds == {"phq9", "gad7"}
    assert Annotation.objects.count() == len(EVENTS)
    assert {mark.text for mark in marks_of(*_followed(clinic))} <= {event.text for event in EVENTS}


def _followed(clinic: Clinic) -> tuple[Patient, User]:
    patient = clinic.patients.get(reference=EVENTS[0].reference)
    counselor = patient.care_team.first()
    assert counselor
    return patient, counselor
