"""Fills an empty database with the synthetic clinic: rows at once, recordings through the same door as an upload."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Clinic, User
from inference.models import Priority
from sessions_app import files, services, storage, uploads
from sessions_app.demo.beside import add_beside
from sessions_app.demo.courses import SessionPlan
from sessions_app.demo.people import CLINIC_NAME, LOGINS, PATIENTS, STELLA, DemoPatient
from sessions_app.models import Consent, Instrument, Patient, PatientChannel, QuestionnaireResponse
from sessions_app.storage import StoredFile

AUDIO = Path(__file__).parent / "audio"
CONSENT_TEXT = "demo-1"
CONSENT_DAYS_BEFORE = 7
FIRST_HOUR = 9
NEWEST_DAYS_AGO = 2


@dataclass(frozen=True, slots=True)
class _Meeting:
    """A session that is to be made: when it was, whose, and how the patient sounded."""

    held_at: datetime
    patient: DemoPatient
    plan: SessionPlan


@dataclass
class _Seeding:
    today: date
    clinic: Clinic
    stored: dict[_Meeting, StoredFile] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    patients: dict[str, Patient] = field(default_factory=dict)


def seed(today: date | None = None) -> bool:
    """Make the synthetic clinic unless it is there. False when it was. ``today`` is the day that its dates lead to."""
    if User.objects.filter(clinic__in=_synthetic_clinics()).exists():
        return False
    # First the clinic, whose key its files are encrypted with. Alone it is nothing yet: a later try takes it up.
    clinic = _synthetic_clinics().first() or Clinic.objects.create(name=CLINIC_NAME, is_synthetic=True)
    seeding = _Seeding(today or timezone.localdate(), clinic)
    meetings = sorted(_meetings(seeding.today), key=lambda meeting: meeting.held_at)
    # All rows or none, so every file is taken in before the transaction begins and let go if it fails.
    with ExitStack() as files_taken_in:
        for meeting in meetings:
            if meeting.patient.consent:
                seeding.stored[meeting] = files_taken_in.enter_context(_file_of(meeting, clinic))
        with transaction.atomic():
            _add_people(seeding)
            for meeting in meetings:
                _add_meeting(seeding, meeting)
    return True


def _synthetic_clinics() -> QuerySet[Clinic]:
    return Clinic.objects.filter(name=CLINIC_NAME, is_synthetic=True)


@contextmanager
def _file_of(meeting: _Meeting, clinic: Clinic) -> Iterator[StoredFile]:
    path = audio_file(meeting.patient, meeting.plan)
    with path.open("rb") as file:
        upload = UploadedFile(file, name=path.name, size=path.stat().st_size)
        with files.taken_in(upload, storage.RECORDINGS, clinic.id) as stored:
            yield stored


def audio_file(patient: DemoPatient, session: SessionPlan) -> Path:
    """The recording that ships with the demonstration for this session."""
    return AUDIO / f"{patient.reference.lower()}-{session.number:02}.opus"


def _meetings(today: date) -> list[_Meeting]:
    return [
        _Meeting(_held_at(today, place, patient, session), patient, session)
        for place, patient in enumerate(PATIENTS)
        for session in patient.plan
    ]


def _held_at(today: date, place: int, patient: DemoPatient, session: SessionPlan) -> datetime:
    """On a working day; patients further down the list came on other days and at other hours."""
    weeks_back = patient.days_between * (patient.sessions - session.number)
    day = today - timedelta(days=NEWEST_DAYS_AGO + place % 5 + weeks_back + patient.away)
    day -= timedelta(days=max(0, day.weekday() - 4))
    return timezone.make_aware(datetime.combine(day, time(FIRST_HOUR + place % 8)))


def _add_people(seeding: _Seeding) -> None:
    for login in LOGINS:
        seeding.users[login.email] = User.objects.create_user(
            email=login.email,
            password=login.password,
            clinic=seeding.clinic,
            display_name=login.display_name,
            role=login.role,
        )
    for place, patient in enumerate(PATIENTS):
        seeding.patients[patient.reference] = _add_patient(seeding, place, patient)


def _add_patient(seeding: _Seeding, place: int, patient: DemoPatient) -> Patient:
    staff = seeding.users[STELLA.email]
    row = services.patient_add(
        user=staff, reference=patient.reference, given_name=patient.given_name, family_name=patient.family_name
    )
    row.care_team.set(seeding.users[login.email] for login in patient.care_team)
    if patient.consent:
        first = patient.plan[0]
        given = _held_at(seeding.today, place, patient, first) - timedelta(days=CONSENT_DAYS_BEFORE)
        Consent.objects.create(
            patient=row,
            text_version=CONSENT_TEXT,
            recording=True,
            voice_analysis=True,
            given_on=given.date(),
            taken_by=staff,
        )
    return row


def _add_meeting(seeding: _Seeding, meeting: _Meeting) -> None:
    staff, patient = seeding.users[STELLA.email], seeding.patients[meeting.patient.reference]
    response = QuestionnaireResponse(
        patient=patient,
        instrument=Instrument.PHQ9,
        answered_at=meeting.held_at - timedelta(minutes=15),
        items=list(meeting.plan.phq9),
    )
    response.full_clean()
    response.save()
    counselor = seeding.users[meeting.patient.care_team[0].email]
    add_beside(patient, counselor, meeting.plan, meeting.held_at)
    session = services.session_add(user=staff, patient=patient, held_at=meeting.held_at)
    if meeting in seeding.stored:
        uploads.recording_keep(
            user=staff,
            session=session,
            stored=seeding.stored[meeting],
            patient_channel=PatientChannel.LEFT if meeting.patient.stereo else PatientChannel.UNKNOWN,
            # What people upload into the fresh clinic is not to wait behind its recordings.
            priority=Priority.NOBODY,
        )
