"""What people decide about a recording that is kept: delete it, cancel its analysis, have it analysed anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts import access_log
from accounts.models import User
from accounts.permissions import require
from accounts.policy import Action
from inference import checkpoints
from inference import services as jobs
from inference.errors import CheckpointUnavailable, retry_can_help
from inference.models import Analysis, JobState, Priority, origin_key
from inference.results import PIPELINE_VERSION
from inference.speakers import BY_LENGTH
from sessions_app.care import refuse_in_emergency
from sessions_app.errors import AffectSwitchedOff, AudioRemoved, ConsentMissing, ResearchConsentMissing
from sessions_app.models import Patient, Recording
from sessions_app.scores import why_none_made
from sessions_app.signals import record_changed


def recording_delete(*, user: User, recording: Recording) -> bool:
    """Delete the recording for good: file, jobs, analyses with all that was found. False when it was gone already.

    A worker that is at work on it finds that its job is no longer its own, and stores nothing.
    """
    require(user, Action.DELETE_RECORDING)
    refuse_in_emergency(user, recording.session.patient, Action.DELETE_RECORDING)
    with transaction.atomic():
        _one_at_a_time(recording)
        # As a worker that stores an analysis does: first the job, then the recording.
        jobs.jobs_hold(subject=recording.id)
        current = Recording.objects.filter(id=recording.id).first()
        if current is None:
            return False
        log(user, recording, "delete")
        # The file goes with the row: see `listeners.delete_the_file`.
        current.delete()
        jobs.jobs_forget(subject=recording.id)
        record_changed.send(sender=Patient, patient_id=recording.session.patient_id)
    return True


def recording_retry(*, user: User, recording: Recording) -> bool:
    """Queue a failed or cancelled analysis again. False when it is in another state, or another one is under way.

    Raises `ConsentMissing` or `AudioRemoved`.
    """
    require(user, Action.RETRY_ANALYSIS)
    with locked(user, recording, "retry") as current:
        if not current.has_audio:
            raise AudioRemoved
        queued = current.job_id == recording.job_id and jobs.job_retry(current.job_id, by=str(user.id))
        if queued:
            log(user, recording, "retry")
    return queued


def analysis_cancel(*, user: User, recording: Recording) -> bool:
    """End the waiting or running analysis of the recording without a result. False when there is none."""
    require(user, Action.CANCEL_ANALYSIS)
    with transaction.atomic():
        cancelled = jobs.job_cancel(recording.job_id, by=str(user.id))
        if cancelled:
            log(user, recording, "cancel")
    return cancelled


def recording_reanalyze(*, user: User, recording: Recording, priority: Priority = Priority.PERSON) -> bool:
    """Analyse the recording anew with today's checkpoint, with who the patient is decided as before.

    Where one voice was assumed to be the patient's, somebody has to confirm it anew: it may be another one now. What
    was found before stays shown until the new analysis is done, and is kept beside it. False when that would find
    nothing new: see `can_be_reanalyzed`. Raises `ConsentMissing`.
    """
    require(user, Action.REANALYZE)
    # The new analysis is without the review and the confirmation of the one before.
    refuse_in_emergency(user, recording.session.patient, Action.REANALYZE)
    with locked(user, recording, "reanalyze") as current:
        if not can_be_reanalyzed(current, todays_origin()):
            return False
        current.job = jobs.job_enqueue(
            tenant=current.session.patient.clinic_id,
            subject=current.id,
            file=current.file,
            by=str(user.id),
            priority=priority,
            options=decided_before(current),
        )
        current.save(update_fields=["job"])
        log(user, current, "reanalyze")
    return True


def todays_origin() -> str | None:
    """The origin that an analysis made now would have, or ``None`` where the installation has no checkpoint."""
    try:
        return origin_key(checkpoints.describe(settings.CHECKPOINT).identity, PIPELINE_VERSION)
    except CheckpointUnavailable:
        return None


def can_be_reanalyzed(recording: Recording, origin: str | None) -> bool:
    """Whether an analysis of today's ``origin`` would be a new one: none is under way, and none like it is shown."""
    job, analysis = recording.job, recording.analysis
    failed = job.state == JobState.FAILED
    if origin is None or not recording.has_audio or job.is_open or (failed and not retry_can_help(job.error_code)):
        return False
    if analysis is not None:
        return analysis.origin_key != origin or _was_withheld(recording, analysis)
    return failed


def _was_withheld(recording: Recording, analysis: Analysis) -> bool:
    """Whether no score was made because a rule forbade it, and none does any more."""
    forbidden = analysis.depression_reason in {AffectSwitchedOff.message, ResearchConsentMissing.message}
    return forbidden and why_none_made(recording.session.patient.clinic, recording.session) is None


def decided_before(recording: Recording) -> dict[str, Any]:
    """The options of a new analysis: what people said of who the patient is, a confirmation included."""
    options: dict[str, Any] = recording.job.options
    analysis = recording.analysis
    if analysis is not None and analysis.speaker_method == BY_LENGTH and hasattr(analysis, "confirmation"):
        return options | {"swapped": options.get("swapped", False)}
    return options


def recordings_of(user: User) -> QuerySet[Recording]:
    """All recordings that ``user`` may see, with what `can_be_reanalyzed` asks of them."""
    large = (f"analysis__{field}" for field in ("quality", "biomarkers", "timings"))
    found = Recording.objects.visible_to(user).select_related("job", "analysis", "session__patient__clinic")
    return found.defer(*large).order_by("uploaded_at", "id")


@contextmanager
def locked(user: User, recording: Recording, action: str) -> Iterator[Recording]:
    """The recording as it is now, while uploads, withdrawals and other decisions about its patient wait.

    Raises `ConsentMissing`, with a refusal of ``action`` in the log, and ``Http404`` when it was deleted meanwhile.
    """
    try:
        with transaction.atomic():
            _one_at_a_time(recording)
            found = Recording.objects.select_related("job", "analysis", "session__patient__clinic")
            current = found.filter(id=recording.id).first()
            if current is None:
                raise Http404("This recording was deleted meanwhile.")
            _require_consent(current)
            yield current
            record_changed.send(sender=Patient, patient_id=current.session.patient_id)
    except ConsentMissing:
        log(user, recording, action, allowed=False)
        raise


def _one_at_a_time(recording: Recording) -> None:
    get_object_or_404(Patient.objects.select_for_update(no_key=True), id=recording.session.patient_id)


def _require_consent(recording: Recording) -> None:
    session = recording.session
    if session.patient.consent_on(session.day_in(session.patient.clinic)) is None:
        raise ConsentMissing


def log(user: User, recording: Recording, action: str, *, allowed: bool = True) -> None:
    """Add one row about ``recording`` to the access log."""
    access_log.record(
        actor=user,
        action=action,
        object_kind="recording",
        object_id=recording.id,
        patient_id=recording.session.patient_id,
        allowed=allowed,
    )
