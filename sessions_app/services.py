"""What people do in a clinic, one verb per function. Rules are asked here, so pages and API obey the same ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from accounts import access_log
from accounts.models import Clinic, Role, User
from accounts.policy import Action, may
from inference import services as jobs
from inference.models import AnalysisJob
from sessions_app import storage
from sessions_app.errors import ConsentMissing
from sessions_app.models import Consent, Patient, PatientChannel, Recording, Session


def _require(user: User, action: Action) -> None:
    if not may(user, action):
        access_log.record(actor=user, action=action, object_kind="service", allowed=False)
        raise PermissionDenied


def patient_add(
    *, user: User, reference: str, given_name: str, family_name: str, care_team: Iterable[User] = ()
) -> Patient:
    """Add a patient to the user's clinic, cared for by ``care_team``; a counselor who adds one joins it.

    Raises ``ValidationError``: the reference is taken, or somebody named is no counselor of the clinic.
    """
    _require(user, Action.ADD_PATIENT)
    team = _care_team(user, care_team)
    patient = Patient(clinic=user.clinic, reference=reference, given_name=given_name, family_name=family_name)
    with transaction.atomic():
        # One addition at a time per clinic, so that the same reference sent twice at once is found the second time.
        Clinic.objects.select_for_update(no_key=True).get(id=user.clinic_id)
        patient.full_clean()
        patient.save()
        patient.care_team.set(team)
        _log_about(user, patient, "create", "patient", patient.id)
    return patient


def _care_team(user: User, chosen: Iterable[User]) -> set[User]:
    team = set(chosen)
    if team - set(User.objects.counselors_of(user.clinic)):
        raise ValidationError({"care_team": "A care team is made of counselors of this clinic."})
    return team | {user} if user.role == Role.COUNSELOR else team


def consent_record(
    *,
    user: User,
    patient: Patient,
    given_on: date,
    text_version: str,
    recording: bool,
    voice_analysis: bool,
    expires_on: date | None = None,
) -> Consent:
    """Record that the patient gave consent. Raises ``ValidationError`` where it cannot be meant so."""
    _require(user, Action.RECORD_CONSENT)
    consent = Consent(
        patient=patient,
        given_on=given_on,
        text_version=text_version,
        recording=recording,
        voice_analysis=voice_analysis,
        expires_on=expires_on,
        taken_by=user,
    )
    consent.full_clean()
    consent.save()
    _log_about(user, patient, "create", "consent", consent.id)
    return consent


def consent_withdraw(*, user: User, patient: Patient) -> list[Consent]:
    """Withdraw all consents of the patient, at once: open analyses end, scores are hidden. Returns those withdrawn."""
    _require(user, Action.WITHDRAW_CONSENT)
    with transaction.atomic():
        # An upload that holds the patient is either ended here or finds no consent.
        Patient.objects.select_for_update(no_key=True).get(id=patient.id)
        standing = list(patient.consents.standing())
        for consent in standing:
            consent.withdrawn_at = timezone.now()
            consent.save(update_fields=["withdrawn_at"])
            _log_about(user, patient, "withdraw", "consent", consent.id)
        _cancel_analyses(user, patient)
    return standing


def _cancel_analyses(user: User, patient: Patient) -> None:
    for recording in Recording.objects.filter(session__patient=patient, job__in=AnalysisJob.objects.open()):
        if jobs.job_cancel(recording.job_id):
            _log_about(user, patient, "cancel", "recording", recording.id)


def _log_about(user: User, patient: Patient, action: str, kind: str, object_id: uuid.UUID) -> None:
    access_log.record(actor=user, action=action, object_kind=kind, object_id=object_id, patient_id=patient.id)


def session_add(*, user: User, patient: Patient, held_at: datetime) -> Session:
    """Add a session that was held at ``held_at`` (aware)."""
    _require(user, Action.ADD_SESSION)
    session = Session(patient=patient, held_at=held_at, created_by=user)
    session.full_clean()
    session.save()
    _log_about(user, patient, "create", "session", session.id)
    return session


def recording_add(
    *,
    user: User,
    session: Session,
    upload: UploadedFile[bytes],
    patient_channel: PatientChannel = PatientChannel.UNKNOWN,
) -> Recording:
    """Keep an uploaded recording and queue its analysis. The same bytes for the same session give the same recording.

    Raises `ConsentMissing`, `EmptyFile` or `TooLarge`; then nothing is kept.
    """
    _require(user, Action.UPLOAD_RECORDING)
    if session.patient.consent_on(session.day_in(session.patient.clinic)) is None:
        _log_upload(user, session, None)
        raise ConsentMissing
    stored = storage.store(upload, storage.RECORDINGS)
    with _deleted_unless_kept(stored) as keep, transaction.atomic():
        # One upload at a time per session, so that the same file sent twice at once is found the second time.
        Session.objects.select_for_update().get(id=session.id)
        known = session.recordings.filter(sha256=stored.sha256).first()
        if known is not None:
            _log_upload(user, session, known.id)
            return _analyze_again_if_needed(known, patient_channel)
        recording = _recording_create(user, session, stored, storage.display_name(upload.name), patient_channel)
        keep()
    return recording


def session_upload(
    *,
    user: User,
    patient: Patient,
    held_at: datetime,
    upload: UploadedFile[bytes],
    patient_channel: PatientChannel = PatientChannel.UNKNOWN,
) -> Recording:
    """Keep the recording of the session held at ``held_at``, which is added if the patient has none at that time.

    Raises what `recording_add` raises; then neither session nor recording is left behind.
    """
    _require(user, Action.ADD_SESSION)
    _require(user, Action.UPLOAD_RECORDING)
    with transaction.atomic():
        # One upload at a time per patient, so that a form that is sent twice makes one session.
        Patient.objects.select_for_update(no_key=True).get(id=patient.id)
        known = patient.sessions.filter(held_at=held_at).first()
        session = known or session_add(user=user, patient=patient, held_at=held_at)
        return recording_add(user=user, session=session, upload=upload, patient_channel=patient_channel)


@contextmanager
def _deleted_unless_kept(stored: storage.StoredFile) -> Iterator[_Keep]:
    keep = _Keep()
    try:
        yield keep
    except BaseException:
        stored.delete()
        raise
    if not keep.called:
        stored.delete()


class _Keep:
    called = False

    def __call__(self) -> None:
        self.called = True


def _analyze_again_if_needed(recording: Recording, patient_channel: PatientChannel) -> Recording:
    """The same file once more: with another channel it is analysed anew, after a failure it is tried again."""
    if recording.patient_channel != patient_channel:
        jobs.job_cancel(recording.job_id)
        recording.patient_channel = patient_channel
        recording.job = _job_create(recording.session, recording.id, recording.file, patient_channel)
        recording.save(update_fields=["patient_channel", "job"])
    else:
        jobs.job_retry(recording.job_id)
    return recording


def _job_create(session: Session, recording_id: uuid.UUID, file: str, patient_channel: PatientChannel) -> AnalysisJob:
    return jobs.job_enqueue(
        tenant=session.patient.clinic_id,
        subject=recording_id,
        file=file,
        options={"patient_channel": patient_channel} if patient_channel else {},
    )


def _recording_create(
    user: User, session: Session, stored: storage.StoredFile, original_name: str, patient_channel: PatientChannel
) -> Recording:
    recording_id = uuid.uuid4()
    job = _job_create(session, recording_id, stored.name, patient_channel)
    recording = Recording(
        id=recording_id,
        session=session,
        file=stored.name,
        original_name=original_name,
        sha256=stored.sha256,
        size=stored.size,
        patient_channel=patient_channel,
        uploaded_by=user,
        job=job,
    )
    recording.full_clean()
    recording.save()
    _log_upload(user, session, recording.id)
    return recording


def _log_upload(user: User, session: Session, recording_id: uuid.UUID | None) -> None:
    access_log.record(
        actor=user,
        action="upload",
        object_kind="recording",
        object_id=recording_id,
        patient_id=session.patient_id,
        allowed=recording_id is not None,
    )


def recording_retry(*, user: User, recording: Recording) -> bool:
    """Queue a failed analysis again. False when it had not failed."""
    _require(user, Action.RETRY_ANALYSIS)
    access_log.record(
        actor=user,
        action="retry",
        object_kind="recording",
        object_id=recording.id,
        patient_id=recording.session.patient_id,
    )
    return jobs.job_retry(recording.job_id)
