"""What clinic work does when the engine below has news."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction
from django.db.models.signals import post_delete
from django.utils.translation import gettext_noop

from accounts.models import Clinic
from inference import services as jobs
from inference.models import Analysis, AnalysisJob, Purpose
from inference.signals import (
    AnalysisRefused,
    analysis_finished,
    analysis_starting,
    counselor_voice_asked,
    job_failed,
)
from sessions_app import files, flags
from sessions_app.errors import ConsentMissing
from sessions_app.models import CounselorVoice, Patient, Recording, Session
from sessions_app.scores import why_none_made
from sessions_app.signals import record_changed

log = structlog.get_logger(__name__)

GONE = gettext_noop("This recording was deleted before it could be analysed.")
"""Kept in English with the job."""


def connect() -> None:
    """Start listening."""
    analysis_starting.connect(ask_consent_and_policy, sender=AnalysisJob)
    counselor_voice_asked.connect(name_the_clip, sender=AnalysisJob)
    analysis_finished.connect(show_newest_analysis, sender=AnalysisJob)
    for ended in (analysis_finished, job_failed):
        ended.connect(look_again_at_the_patient, sender=AnalysisJob)
    record_changed.connect(look_at_the_patient)
    for model in (Recording, CounselorVoice):
        post_delete.connect(delete_the_file, sender=model)


def ask_consent_and_policy(*, job: AnalysisJob, **_: Any) -> str | None:
    """Refuse an analysis without consent; say why no affect score may be made, or ``None`` where they may."""
    session = _consented(job) if job.purpose == Purpose.SESSION else None
    return why_none_made(Clinic.objects.get(id=job.tenant), session)


def name_the_clip(*, job: AnalysisJob, **_: Any) -> str | None:
    """The clip of the counselor who is heard in the recording, as far as today's care team says."""
    patient = Patient.objects.filter(sessions__recordings__job=job).first()
    voice = CounselorVoice.objects.heard_with(patient) if patient else None
    return voice.file if voice else None


def show_newest_analysis(*, job: AnalysisJob, analysis: Analysis, **_: Any) -> None:
    """Let the recording point at what was just found in it; without scores, if they were switched off meanwhile."""
    recording = _recording_of(job)
    if recording is None:
        return
    if reason := why_none_made(recording.session.patient.clinic, recording.session):
        jobs.scores_withhold(analysis, reason)
    Recording.objects.filter(id=recording.id).update(analysis=analysis)


def look_at_the_patient(*, patient_id: UUID, **_: Any) -> None:
    """Write the patient's flags anew, with what has changed or not at all."""
    flags.flags_refresh(patient_id)


def look_again_at_the_patient(*, job: AnalysisJob, **_: Any) -> None:
    """The same when an analysis has ended, once its job is held no more.

    Whoever decides about a recording holds the patient first and then the job; here it would be the other way round.
    """
    recording = _recording_of(job)
    if recording is not None:
        transaction.on_commit(lambda: _look_again(recording.session.patient_id))


def _look_again(patient_id: UUID) -> None:
    try:
        flags.flags_refresh(patient_id)
    except DatabaseError as error:
        # The analysis is kept; the patient's turn comes again within a day.
        log.error("flags_not_refreshed", error=type(error).__name__)


def _consented(job: AnalysisJob) -> Session:
    recording = _recording_of(job)
    if recording is None:
        raise AnalysisRefused("recording_gone", GONE)
    session = recording.session
    if session.patient.consent_on(session.day_in(session.patient.clinic)) is None:
        raise AnalysisRefused(ConsentMissing.code, ConsentMissing.message)
    return session


def _recording_of(job: AnalysisJob) -> Recording | None:
    return Recording.objects.select_related("session__patient__clinic").filter(job=job).first()


def delete_the_file(*, instance: Recording | CounselorVoice, **_: Any) -> None:
    """Let the file go with its row, whichever way that is deleted (with its account, for instance)."""
    if instance.file:
        files.doom(instance.file)
