"""A small fixed world for tests: two clinics, the people in them, and patients in different care."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import factory
from django.contrib.auth.hashers import make_password
from django.db.models.functions import Now
from factory.django import DjangoModelFactory

from accounts.models import Clinic, Role, User
from inference.models import Analysis, AnalysisJob, JobState, Timeline
from inference.speakers import ASSUMED
from sessions_app.annotations import Said, annotation_add
from sessions_app.models import (
    Annotation,
    AnnotationKind,
    Consent,
    Flag,
    FlagKind,
    Instrument,
    Patient,
    QuestionnaireResponse,
    Recording,
    Review,
    Session,
    Verdict,
)

PASSWORD = "a-long-test-password"


@cache
def hashed_password() -> str:
    """The test password as Argon2 stores it. Hashing is slow on purpose, so it is done once."""
    return make_password(PASSWORD)


class ClinicFactory(DjangoModelFactory[Clinic]):
    class Meta:
        model = Clinic

    name = factory.Sequence(lambda n: f"Clinic {n}")


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    clinic = factory.SubFactory(ClinicFactory)
    email = factory.Sequence(lambda n: f"user{n}@clinic.test")
    display_name = factory.Sequence(lambda n: f"User {n}")
    role = Role.COUNSELOR

    password = factory.LazyFunction(hashed_password)


class PatientFactory(DjangoModelFactory[Patient]):
    class Meta:
        model = Patient
        skip_postgeneration_save = True

    clinic = factory.SubFactory(ClinicFactory)
    reference = factory.Sequence(lambda n: f"P-{n:04}")
    given_name = "Robin"
    family_name = factory.Sequence(lambda n: f"Example{n}")

    @factory.post_generation
    def care_team(self: Any, create: bool, extracted: list[User] | None, **_: Any) -> None:
        self.care_team.add(*(extracted or []))


class ConsentFactory(DjangoModelFactory[Consent]):
    class Meta:
        model = Consent

    patient = factory.SubFactory(PatientFactory)
    text_version = "1"
    recording = True
    voice_analysis = True
    given_on = date(2020, 1, 1)
    taken_by = factory.SubFactory(UserFactory, clinic=factory.SelfAttribute("..patient.clinic"))


class SessionFactory(DjangoModelFactory[Session]):
    class Meta:
        model = Session

    patient = factory.SubFactory(PatientFactory)
    held_at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    created_by = factory.SubFactory(UserFactory, clinic=factory.SelfAttribute("..patient.clinic"))


class JobFactory(DjangoModelFactory[AnalysisJob]):
    class Meta:
        model = AnalysisJob

    tenant = factory.Faker("uuid4", cast_to=None)
    file = "recordings/none"
    checkpoint = "undertone-demo"


class RecordingFactory(DjangoModelFactory[Recording]):
    class Meta:
        model = Recording

    session = factory.SubFactory(SessionFactory)
    file = "recordings/none"
    original_name = "session.wav"
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    size = 1000
    uploaded_by = factory.SubFactory(UserFactory, clinic=factory.SelfAttribute("..session.patient.clinic"))
    job = factory.SubFactory(JobFactory, tenant=factory.SelfAttribute("..session.patient.clinic_id"))


class QuestionnaireFactory(DjangoModelFactory[QuestionnaireResponse]):
    class Meta:
        model = QuestionnaireResponse

    patient = factory.SubFactory(PatientFactory)
    instrument = Instrument.PHQ9
    answered_at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    items = [1] * 9


def annotation_of(patient: Patient) -> Annotation:
    """An event of the patient's, noted by somebody of the care team."""
    author = patient.care_team.order_by("date_joined").first()
    assert author is not None
    said = Said(date(2026, 3, 2), AnnotationKind.LIFE_EVENT, "Moved to another town")
    return annotation_add(user=author, patient=patient, said=said)


def questionnaire_of(patient: Patient) -> QuestionnaireResponse:
    """One of the patient's; there is one at a time, however often it is asked for."""
    return patient.questionnaires.first() or QuestionnaireFactory(patient=patient)


def flag_of(patient: Patient) -> Flag:
    """One of a kind that whoever sees the patient may see."""
    says = {"clinic": patient.clinic, "since": datetime(2026, 3, 2, 9, 0, tzinfo=UTC)}
    return patient.flags.get_or_create(kind=FlagKind.OVERDUE, defaults=says)[0]


def job_done(job_id: UUID) -> None:
    """The job as a worker leaves it that took and finished it; what was found is another matter."""
    job = AnalysisJob.objects.filter(id=job_id)
    job.update(state=JobState.RUNNING, lease_token=uuid4(), lease_until=Now())
    job.update(state=JobState.SUCCEEDED, lease_token=None, lease_until=None, progress=1.0)


def analysed(
    session: Session,
    *,
    depression: float | None = 0.7,
    checkpoint_version: str = "0.1",
    weights: str = "ab" * 32,
    method: str = ASSUMED,
    patient_channel: str = "",
    talk_ratio: float | None = None,
) -> Recording:
    """A recording of ``session`` whose analysis is done, with a two-window timeline.

    ``talk_ratio``: the patient's share of the speech of two people.
    """
    done = {"job__state": JobState.SUCCEEDED, "job__progress": 1.0}
    recording = RecordingFactory(session=session, patient_channel=patient_channel, **done)
    job = recording.job
    AnalysisJob.objects.filter(id=job.id).update(subject=recording.id)
    analysis = Analysis.objects.create(
        job=job,
        tenant=job.tenant,
        subject=recording.id,
        sha256=recording.sha256,
        duration=60.0,
        speech_seconds=42.0,
        speaker_method=method,
        pipeline_version="1",
        checkpoint_name="undertone-demo",
        checkpoint_version=checkpoint_version,
        checkpoint_sha256=weights,
        depression=depression,
        depression_low=None if depression is None else max(0.0, depression - 0.1),
        depression_high=None if depression is None else min(1.0, depression + 0.1),
        depression_state="unavailable" if depression is None else "elevated",
        depression_reason="" if depression is not None else "The checkpoint has no such head.",
        valence=0.4,
        valence_low=0.3,
        valence_high=0.5,
        valence_state="indeterminate",
        arousal=0.35,
        arousal_low=0.3,
        arousal_high=0.4,
        arousal_state="low",
        quality=[{"code": "snr", "ok": True, "value": 24.0, "unit": "dB", "message": "The voice stands out well."}],
        biomarkers={"f0_mean": {"value": 180.2, "unit": "Hz"}, "pause_ratio": {"value": 0.21, "unit": "1"}}
        | {"talk_ratio": {"value": talk_ratio, "unit": "1"}},
        timings={"decode": 0.1, "model": 0.4},
    )
    Timeline.objects.create(
        analysis=analysis,
        start=[0.0, 3.0],
        end=[6.0, 9.0],
        depression=[depression, depression],
        valence=[0.4, 0.4],
        arousal=[0.3, 0.4],
        turns=[[0.0, 9.0, "patient"], *([] if talk_ratio is None else [[10.0, 14.0, "other"]])],
        peaks=[0.0, 0.5, 0.2],
    )
    Recording.objects.filter(id=recording.id).update(analysis=analysis)
    recording.refresh_from_db()
    return recording


def reviewed(session: Session, by: User) -> Review:
    """What ``by`` said of a recording of ``session`` that was analysed."""
    analysis = analysed(session).analysis
    now = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    return Review.objects.create(
        patient=session.patient, analysis=analysis, verdict=Verdict.AGREE, reviewed_by=by, reviewed_at=now
    )


@dataclass(frozen=True)
class World:
    """Alice and Bob are counselors of one clinic, Sam is staff and Ada the administrator; Mallory works elsewhere."""

    clinic: Clinic
    alice: User
    bob: User
    sam: User
    ada: User
    robot: User
    mallory: User
    alices_patient: Patient
    bobs_patient: Patient
    mallorys_patient: Patient


def make_world() -> World:
    """Build the world; every patient has a consent in force."""
    clinic, elsewhere = ClinicFactory(name="Willow House"), ClinicFactory(name="Elsewhere")
    alice, bob = UserFactory(clinic=clinic, display_name="Alice"), UserFactory(clinic=clinic, display_name="Bob")
    mallory = UserFactory(clinic=elsewhere, display_name="Mallory")
    world = World(
        clinic=clinic,
        alice=alice,
        bob=bob,
        sam=UserFactory(clinic=clinic, display_name="Sam", role=Role.STAFF),
        ada=UserFactory(clinic=clinic, display_name="Ada", role=Role.ADMIN),
        robot=UserFactory(clinic=clinic, display_name="EHR", role=Role.INTEGRATION),
        mallory=mallory,
        alices_patient=PatientFactory(clinic=clinic, care_team=[alice], family_name="Alder"),
        bobs_patient=PatientFactory(clinic=clinic, care_team=[bob], family_name="Birch"),
        mallorys_patient=PatientFactory(clinic=elsewhere, care_team=[mallory], family_name="Maple"),
    )
    for patient in (world.alices_patient, world.bobs_patient, world.mallorys_patient):
        ConsentFactory(patient=patient)
    return world
