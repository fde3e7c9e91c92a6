"""Taking in recordings: kept once, with consent, and queued for analysis; or refused with nothing left behind."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.shortcuts import get_object_or_404

from accounts import access_log
from accounts.models import User
from accounts.permissions import require
from accounts.policy import Action
from inference import services as jobs
from inference.models import AnalysisJob, Priority
from sessions_app import files, storage
from sessions_app.care import sees_in_emergency
from sessions_app.errors import ChannelForCareTeam, ConsentMissing
from sessions_app.identification import forget_what_was_found
from sessions_app.models import Patient, PatientChannel, Recording, Scope, Session
from sessions_app.recordings import decided_before
from sessions_app.services import session_add
from sessions_app.signals import record_changed


def recording_add(
    *,
    user: User,
    session: Session,
    upload: UploadedFile[bytes],
    patient_channel: PatientChannel = PatientChannel.UNKNOWN,
) -> Recording:
    """Keep an uploaded recording and queue its analysis. The same bytes for the same session give the same recording.

    Raises `ConsentMissing`, `ChannelForCareTeam`, `EmptyFile` or `TooLarge`; then nothing is kept.
    """
    require(user, Action.UPLOAD_RECORDING)
    return _take_in(user, session, lambda: session, upload, _Wish(patient_channel))


def recording_keep(
    *,
    user: User,
    session: Session,
    stored: storage.StoredFile,
    patient_channel: PatientChannel = PatientChannel.UNKNOWN,
    priority: Priority = Priority.PERSON,
) -> Recording:
    """As `recording_add`, for a file that is `files.taken_in` already; may be part of a larger transaction."""
    require(user, Action.UPLOAD_RECORDING)
    return _decide(user, session, lambda: session, stored, _Wish(patient_channel, priority))


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
    require(user, Action.ADD_SESSION)
    require(user, Action.UPLOAD_RECORDING)

    def session_then() -> Session:
        known = patient.sessions.filter(held_at=held_at).first()
        return known or session_add(user=user, patient=patient, held_at=held_at)

    return _take_in(user, Session(patient=patient, held_at=held_at), session_then, upload, _Wish(patient_channel))


@dataclass(frozen=True, slots=True)
class _Wish:
    """How the analysis is to be made: on which channel, and how soon."""

    patient_channel: PatientChannel
    priority: Priority = Priority.PERSON


def _take_in(
    user: User,
    meeting: Session,
    session_then: Callable[[], Session],
    upload: UploadedFile[bytes],
    wish: _Wish,
) -> Recording:
    """Store first, then decide in one short transaction: no lock is held while a gigabyte is written.

    ``meeting`` says whose session on which day; ``session_then`` gives its row inside the transaction.
    """
    _ask_consent(user, meeting)
    with files.taken_in(upload, storage.RECORDINGS, meeting.patient.clinic_id) as stored:
        return _decide(user, meeting, session_then, stored, wish)


def _decide(
    user: User,
    meeting: Session,
    session_then: Callable[[], Session],
    stored: storage.StoredFile,
    wish: _Wish,
) -> Recording:
    try:
        with transaction.atomic():
            # Uploads and withdrawals of one patient take turns, and consent is asked again: it may have been
            # withdrawn while the file was written. The same file sent twice at once is found the second time.
            get_object_or_404(Patient.objects.select_for_update(no_key=True), id=meeting.patient_id)
            _require_consent(meeting)
            recording = _keep(user, session_then(), stored, wish)
            record_changed.send(sender=Patient, patient_id=meeting.patient_id)
            return recording
    except (ConsentMissing, ChannelForCareTeam):
        _log(user, meeting.patient_id, "upload", None)
        raise


def _ask_consent(user: User, meeting: Session) -> None:
    try:
        _require_consent(meeting)
    except ConsentMissing:
        _log(user, meeting.patient_id, "upload", None)
        raise


def _require_consent(meeting: Session) -> None:
    day = meeting.day_in(meeting.patient.clinic)
    if meeting.patient.consent_on(day, Scope.RECORDING) is None:
        raise ConsentMissing


def _keep(user: User, session: Session, stored: storage.StoredFile, wish: _Wish) -> Recording:
    known = session.recordings.filter(sha256=stored.sha256).first()
    if known is not None:
        _log(user, session.patient_id, "upload", known.id)
        if not known.has_audio:
            return _take_back(user, known, stored, wish)
        return _analyze_again_if_needed(user, known, wish)
    recording = _recording_create(user, session, stored, wish)
    _log(user, session.patient_id, "upload", recording.id)
    return recording


def _take_back(user: User, recording: Recording, stored: storage.StoredFile, wish: _Wish) -> Recording:
    """The same file once more, after its audio was removed: it is kept again and analysed anew."""
    recording.file, recording.audio_removed_at = stored.name, None
    recording.save(update_fields=["file", "audio_removed_at"])
    files.claim(stored.name)
    if wish.patient_channel in (recording.patient_channel, recording.named_channel):
        decided = decided_before(recording)
        recording.job = _job_create(user, recording.session, recording.id, stored.name, wish, decided=decided)
        recording.save(update_fields=["job"])
        return recording
    return _analyze_again_if_needed(user, recording, wish)


def _analyze_again_if_needed(user: User, recording: Recording, wish: _Wish) -> Recording:
    """The same file once more: with another channel it is analysed anew, after a failure it is tried again.

    The channel that was named before is no other one, even where a person has swapped it since: they have heard more.
    Raises `ChannelForCareTeam` for another one under emergency access.
    """
    if wish.patient_channel not in (recording.patient_channel, recording.named_channel):
        if sees_in_emergency(user, recording.session.patient):
            raise ChannelForCareTeam
        jobs.job_cancel(recording.job_id, by=str(user.id))
        recording.patient_channel = recording.named_channel = wish.patient_channel
        recording.job = _job_create(user, recording.session, recording.id, recording.file, wish)
        recording.save(update_fields=["patient_channel", "named_channel", "job"])
        forget_what_was_found(recording)
    else:
        jobs.job_retry(recording.job_id, by=str(user.id))
    return recording


def _job_create(
    user: User,
    session: Session,
    recording_id: uuid.UUID,
    file: str,
    wish: _Wish,
    *,
    decided: dict[str, Any] | None = None,
) -> AnalysisJob:
    named = {"patient_channel": wish.patient_channel} if wish.patient_channel else {}
    return jobs.job_enqueue(
        tenant=session.patient.clinic_id,
        subject=recording_id,
        file=file,
        by=str(user.id),
        priority=wish.priority,
        options=named if decided is None else decided,
    )


def _recording_create(user: User, session: Session, stored: storage.StoredFile, wish: _Wish) -> Recording:
    recording_id = uuid.uuid4()
    recording = Recording(
        id=recording_id,
        session=session,
        file=stored.name,
        original_name=stored.original_name,
        sha256=stored.sha256,
        size=stored.size,
        patient_channel=wish.patient_channel,
        named_channel=wish.patient_channel,
        uploaded_by=user,
        job=_job_create(user, session, recording_id, stored.name, wish),
    )
    recording.full_clean()
    recording.save()
    files.claim(stored.name)
    return recording


def _log(user: User, patient_id: uuid.UUID, action: str, recording_id: uuid.UUID | None) -> None:
    access_log.record(
        actor=user,
        action=action,
        object_kind="recording",
        object_id=recording_id,
        patient_id=patient_id,
        allowed=recording_id is not None,
    )
