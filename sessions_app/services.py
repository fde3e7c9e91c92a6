"""What people do in a clinic, one verb per function. Rules are asked here, so pages and API obey the same ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts import access_log
from accounts.models import Role, User
from accounts.policy import Action, may
from inference import services as jobs
from inference.models import AnalysisJob
from sessions_app import storage
from sessions_app.errors import ConsentMissing
from sessions_app.models import Patient, PatientChannel, Recording, Session


def _require(user: User, action: Action) -> None:
    if not may(user, action):
        access_log.record(actor=user, action=action, object_kind="service", allowed=False)
        raise PermissionDenied


def patient_add(*, user: User, reference: str, given_name: str, family_name: str) -> Patient:
    """Add a patient to the user's clinic; a counselor who adds one joins the care team."""
    _require(user, Action.ADD_PATIENT)
    patient = Patient(clinic=user.clinic, reference=reference, given_name=given_name, family_name=family_name)
    patient.full_clean()
    patient.save()
    if user.role == Role.COUNSELOR:
        patient.care_team.add(user)
    access_log.record(actor=user, action="create", object_kind="patient", object_id=patient.id, patient_id=patient.id)
    return patient


def session_add(*, user: User, patient: Patient, held_at: datetime) -> Session:
    """Add a session that was held at ``held_at`` (aware)."""
    _require(user, Action.ADD_SESSION)
    session = Session(patient=patient, held_at=held_at, created_by=user)
    session.full_clean()
    session.save()
    access_log.record(actor=user, action="create", object_kind="session", object_id=session.id, patient_id=patient.id)
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
