"""Who the patient is in a recording: what an analysis assumed, and what a person says to it.

A person's choice between two voices on one channel is kept as ``swapped`` in the options of the job: true where the
patient is the one who speaks less. It is relative to the length alone, so no clip of the counselor is used beside it,
and a clip that comes or goes later turns nothing round.
"""

from __future__ import annotations

import uuid
from typing import Any

from accounts.models import User
from accounts.permissions import require
from accounts.policy import Action
from inference import services as jobs
from inference.errors import BadChannel, NoSpeech, TooLittleSpeech
from inference.models import AnalysisJob, JobState
from inference.speakers import ASSUMPTIONS, BY_CHANNEL, BY_ENROLMENT, BY_LENGTH, BY_PERSON
from sessions_app.care import refuse_in_emergency, sees_in_emergency
from sessions_app.errors import ChannelForCareTeam
from sessions_app.models import Confirmation, PatientChannel, Recording
from sessions_app.recordings import locked, log

OF_TWO = frozenset({BY_LENGTH, BY_ENROLMENT, BY_PERSON, BY_CHANNEL})
"""Ways of telling the patient from another person who is heard too."""

NOT_HEARD = frozenset({NoSpeech.code, TooLittleSpeech.code})
"""Errors that a wrong channel makes: nothing of the patient is heard on it."""

OTHER_CHANNEL = {PatientChannel.LEFT: PatientChannel.RIGHT, PatientChannel.RIGHT: PatientChannel.LEFT}


def is_assumption(recording: Recording) -> bool:
    """Whether who the patient is was assumed in what is shown of ``recording`` (it may be confirmed since)."""
    analysis = recording.analysis
    return analysis is not None and analysis.speaker_method in ASSUMPTIONS and not longer_was_chosen(recording)


def is_unconfirmed(recording: Recording) -> bool:
    """Whether who the patient is was assumed, and nobody has confirmed it. Quick where ``confirmation`` was fetched."""
    return is_assumption(recording) and not hasattr(recording.analysis, "confirmation")


def may_be_the_other(recording: Recording) -> bool:
    """Whether two people were heard, one was assumed to be the patient, and nobody has confirmed it."""
    return is_unconfirmed(recording) and recording.analysis.speaker_method in OF_TWO  # type: ignore[union-attr]


def longer_was_chosen(recording: Recording) -> bool:
    """Whether a person said that the patient is the one who speaks longer, which the engine takes for an assumption."""
    analysis = recording.analysis
    return analysis is not None and analysis.speaker_method == BY_LENGTH and "swapped" in recording.job.options


def can_be_swapped(recording: Recording) -> bool:
    """Whether there is another person to take for the patient, and no analysis under way."""
    job = recording.job
    if job.is_open or not recording.has_audio:
        return False
    if recording.analysis is not None:
        return recording.analysis.speaker_method in OF_TWO
    return "swapped" in job.options or bool(recording.patient_channel and job.error_code in NOT_HEARD)


def other_channels(job: AnalysisJob) -> tuple[PatientChannel, ...]:
    """What to name instead of the channel that did not fit the recording; nothing where that was not the trouble."""
    if job.state != JobState.FAILED or job.error_code != BadChannel.code:
        return ()
    named = job.options.get("patient_channel")
    return (PatientChannel.UNKNOWN,) if named else (PatientChannel.LEFT, PatientChannel.RIGHT)


def decided_about(recording: Recording) -> uuid.UUID:
    """The job whose result a decision about the patient is about: the one shown, else the one that found nothing."""
    return recording.analysis.job_id if recording.analysis is not None else recording.job_id


def patient_confirm(*, user: User, recording: Recording, seen: uuid.UUID) -> bool:
    """Confirm who was assumed to be the patient in what job ``seen`` found. The first to confirm is kept.

    False when that is not what the recording shows any more, or it is no assumption. Raises `ConsentMissing`.
    """
    require(user, Action.CONFIRM_PATIENT)
    refuse_in_emergency(user, recording.session.patient, Action.CONFIRM_PATIENT)
    with locked(user, recording, "confirm_patient") as current:
        analysis = current.analysis
        if analysis is None or analysis.job_id != seen or not is_assumption(current):
            return False
        _, fresh = Confirmation.objects.get_or_create(analysis=analysis, defaults={"confirmed_by": user})
        if fresh:
            log(user, current, "confirm_patient")
    return True


def patient_swap(*, user: User, recording: Recording, seen: uuid.UUID) -> bool:
    """Analyse ``recording`` again with the other person as the patient than job ``seen`` took.

    False when the job is not the recording's any more (so two clicks swap once), or there is nobody to swap with.
    Raises `ConsentMissing`; then what was found stays.
    """
    require(user, Action.CONFIRM_PATIENT)
    refuse_in_emergency(user, recording.session.patient, Action.CONFIRM_PATIENT)
    with locked(user, recording, "swap_patient") as current:
        if decided_about(current) != seen or not can_be_swapped(current):
            return False
        _swap(user, current)
        log(user, current, "swap_patient")
    return True


def patient_channel_name(*, user: User, recording: Recording, channel: PatientChannel) -> bool:
    """Analyse ``recording`` again with ``channel`` named, as its upload might have said. False where that cannot help.

    Whoever may bring a recording in may say so: nothing was found in it that would have to be heard first. Raises
    `ConsentMissing`, and `ChannelForCareTeam` under emergency access.
    """
    require(user, Action.RETRY_ANALYSIS)
    if sees_in_emergency(user, recording.session.patient):
        log(user, recording, "retry", allowed=False)
        raise ChannelForCareTeam
    with locked(user, recording, "retry") as current:
        if current.job_id != recording.job_id or channel not in other_channels(current.job):
            return False
        current.patient_channel = current.named_channel = channel
        _analyse(user, current, {"patient_channel": channel} if channel else {})
        log(user, current, "retry")
    return True


def _swap(user: User, recording: Recording) -> None:
    if recording.patient_channel:
        recording.patient_channel = OTHER_CHANNEL[PatientChannel(recording.patient_channel)]
        options: dict[str, Any] = {"patient_channel": recording.patient_channel}
    else:
        options = {"swapped": _speaks_more(recording)}
    _analyse(user, recording, options)


def _analyse(user: User, recording: Recording, options: dict[str, Any]) -> None:
    """Queue a new analysis with another word on who the patient is, and forget what was found by the old one."""
    recording.job = jobs.job_enqueue(
        tenant=recording.session.patient.clinic_id,
        subject=recording.id,
        file=recording.file,
        by=str(user.id),
        options=options,
    )
    recording.save(update_fields=["patient_channel", "named_channel", "job"])
    forget_what_was_found(recording)


def forget_what_was_found(recording: Recording) -> None:
    """Delete what was found in ``recording``: somebody else's voice, which must not stand as the patient's.

    For within the transaction that gives the recording its next job.
    """
    recording.analysis = None
    recording.save(update_fields=["analysis"])
    jobs.analyses_forget(subject=recording.id)


def _speaks_more(recording: Recording) -> bool:
    """Whether the one of two who was taken for the patient is the one who speaks more."""
    analysis = recording.analysis
    if analysis is None:
        return not recording.job.options["swapped"]
    if analysis.speaker_method != BY_ENROLMENT:
        return analysis.speaker_method == BY_LENGTH
    share: float | None = analysis.biomarkers.get("talk_ratio", {}).get("value")
    return share is None or share >= 0.5
