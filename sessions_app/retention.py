"""How long audio is kept: a clinic's days after the analysis, longer with the patient's consent, and then truly gone.

What was measured stays. A failed, cancelled or refused analysis counts like a successful one: whoever wants to try it
again has the same days for it, and audio that nobody has asked about for so long has no purpose any more. A recording
whose analysis waits or runs keeps its audio. Days are counted on the clinic's calendar.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import access_log
from accounts.models import Clinic, Purpose, User
from accounts.permissions import require
from accounts.policy import Action
from inference import services as jobs
from inference.models import JobState
from sessions_app import files
from sessions_app.care import refuse_in_emergency
from sessions_app.models import Consent, Patient, Recording, Scope
from sessions_app.recordings import log

OPEN = [JobState.QUEUED, JobState.RUNNING]


def audio_remove(*, user: User, recording: Recording) -> bool:
    """Remove the audio of one recording at once, and end an open analysis of it. False when it was gone already."""
    require(user, Action.REMOVE_AUDIO)
    refuse_in_emergency(user, recording.session.patient, Action.REMOVE_AUDIO)
    with transaction.atomic():
        current = _alone(recording)
        if current is None or not current.has_audio:
            return False
        jobs.job_cancel(current.job_id, by=str(user.id))
        log(user, recording, Action.REMOVE_AUDIO)
        _remove(current)
    return True


def audio_remove_old(*, clinic: Clinic) -> int:
    """Remove the audio whose time is over. Returns of how many recordings. Safe in several processes at once."""
    return sum(_removed_if_due(recording, clinic) for recording in _ended_long_ago(clinic))


def audio_ends_on(recording: Recording, clinic: Clinic, consents: Iterable[Consent]) -> date | None:
    """The day on which the audio is removed, or ``None`` while it is kept: by consent, or for an open analysis."""
    if recording.job.is_open or is_kept_by_consent(recording, clinic, consents):
        return None
    ended = recording.job.finished_at or recording.uploaded_at
    return timezone.localdate(ended, ZoneInfo(clinic.time_zone)) + timedelta(days=clinic.audio_days)


def is_kept_by_consent(recording: Recording, clinic: Clinic, consents: Iterable[Consent]) -> bool:
    """Whether a consent to keeping audio covers the session, and has neither ended nor been withdrawn by today."""
    held, today = recording.session.day_in(clinic), timezone.localdate(timezone=ZoneInfo(clinic.time_zone))
    return any(
        consent.covers(held, Scope.KEEPING_AUDIO) and (consent.expires_on is None or consent.expires_on >= today)
        for consent in consents
    )


def _ended_long_ago(clinic: Clinic) -> QuerySet[Recording]:
    zone = ZoneInfo(clinic.time_zone)
    latest = timezone.localdate(timezone=zone) - timedelta(days=clinic.audio_days)
    midnight = datetime.combine(latest + timedelta(days=1), time.min, tzinfo=zone)
    kept = Recording.objects.filter(session__patient__clinic=clinic).exclude(file="").exclude(job__state__in=OPEN)
    return kept.annotate(ended=Coalesce("job__finished_at", "uploaded_at")).filter(ended__lt=midnight)


@transaction.atomic
def _removed_if_due(recording: Recording, clinic: Clinic) -> bool:
    current = _alone(recording)
    if current is None or not current.has_audio:
        return False
    ends_on = audio_ends_on(current, clinic, current.session.patient.consents.all())
    if ends_on is None or ends_on > timezone.localdate(timezone=ZoneInfo(clinic.time_zone)):
        return False
    access_log.record_by_itself(
        clinic_id=clinic.id,
        action=Action.REMOVE_AUDIO,
        purpose=Purpose.RETENTION,
        object_kind="recording",
        object_id=current.id,
        patient_id=current.session.patient_id,
    )
    _remove(current)
    return True


def _alone(recording: Recording) -> Recording | None:
    """The recording as it is now, while uploads, decisions and workers wait; ``None`` if it was deleted meanwhile."""
    patients = Patient.objects.select_for_update(no_key=True, of=["self"]).filter(sessions__recordings=recording)
    if not patients:
        return None
    jobs.jobs_hold(subject=recording.id)
    return Recording.objects.select_related("job", "session__patient").filter(id=recording.id).first()


def _remove(recording: Recording) -> None:
    name, recording.file, recording.audio_removed_at = recording.file, "", timezone.now()
    recording.save(update_fields=["file", "audio_removed_at"])
    files.doom(name)
