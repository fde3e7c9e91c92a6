"""Erasing a patient: every row, every file, everything that was found in their voice. A report of counts is kept.

What stays are rows of the access log, which hold opaque ids, and the tally of jobs, which holds numbers. There are no
embeddings and no clips of a patient's voice: the engine keeps none, and a counselor's clip is the counselor's own.
"""

from __future__ import annotations

from collections import Counter

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts import access_log
from accounts.models import EmergencyAccess, Purpose, User
from accounts.policy import Action
from inference import services as jobs
from sessions_app import changes
from sessions_app.care import require_own_care
from sessions_app.models import ErasureReport, Patient, Recording

NAMES = {
    "Patient": gettext_noop("patient"),
    "Patient_care_team": gettext_noop("places in a care team"),
    "Consent": gettext_noop("consents"),
    "Session": gettext_noop("sessions"),
    "Note": gettext_noop("notes"),
    "Flag": gettext_noop("flags"),
    "QuestionnaireResponse": gettext_noop("questionnaires"),
    "Annotation": gettext_noop("annotations"),
    "Recording": gettext_noop("recordings"),
    "AnalysisJob": gettext_noop("analysis jobs"),
    "JobMove": gettext_noop("steps of analysis jobs"),
    "Analysis": gettext_noop("analyses"),
    "Timeline": gettext_noop("timelines"),
    "Confirmation": gettext_noop("confirmations"),
    "Review": gettext_noop("reviews"),
    "EmergencyAccess": gettext_noop("emergency accesses"),
}
"""What the report calls the rows of a model. It keeps the English."""


def patient_erase(*, user: User, patient: Patient) -> ErasureReport | None:
    """Erase ``patient`` for good, for somebody of the care team. ``None`` when somebody else did so meanwhile.

    A worker that is at work on a recording finds that its job is no longer its own, and stores nothing.
    """
    require_own_care(user, patient, Action.ERASE_PATIENT)
    with transaction.atomic():
        if not Patient.objects.select_for_update().filter(id=patient.id):
            return None
        access_log.record(
            actor=user, action="erase", object_kind="patient", object_id=patient.id, purpose=Purpose.REQUEST
        )
        counts = _erase(patient)
        return ErasureReport.objects.create(
            clinic=patient.clinic, patient_id=patient.id, erased_by=user, counts=dict(counts)
        )


def _erase(patient: Patient) -> Counter[str]:
    # They go with the patient's row: a trigger deletes them, for which the application itself has no right.
    counts: Counter[str] = Counter({gettext_noop("changes of the record"): changes.count_of_patient(patient)})
    for recording in list(Recording.objects.filter(session__patient=patient)):
        # As a worker that stores an analysis does: first the job, then the recording.
        subject = recording.id
        jobs.jobs_hold(subject=subject)
        # The file goes with the row: see `listeners.delete_the_file`.
        counts[gettext_noop("audio files")] += recording.has_audio
        counts += _counted(recording.delete())
        counts += Counter(_named(jobs.jobs_forget(subject=subject)))
    counts += _counted(EmergencyAccess.objects.filter(patient_id=patient.id).delete())
    # A copy, so that the caller's row keeps its id.
    return counts + _counted(Patient.objects.filter(id=patient.id).delete())


def _counted(deleted: tuple[int, dict[str, int]]) -> Counter[str]:
    return Counter(_named(deleted[1]))


def _named(by_label: dict[str, int]) -> dict[str, int]:
    models = {label: label.rsplit(".", 1)[-1] for label in by_label}
    return {NAMES.get(model, model): by_label[label] for label, model in models.items() if by_label[label]}
