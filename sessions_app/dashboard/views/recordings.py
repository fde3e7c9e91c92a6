"""Trying an analysis again, cancelling it or making a new one, saying who the patient is, deleting a recording."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django_htmx.http import HttpResponseClientRefresh

from accounts.policy import Action
from sessions_app import identification, recordings, retention
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404, recording_or_404
from sessions_app.dashboard.news import seconds_between_news
from sessions_app.dashboard.progress import progress_of, unheard_of
from sessions_app.dashboard.views.patients import log_read, sessions_context
from sessions_app.errors import ConsentMissing, Refused
from sessions_app.models import PatientChannel, Recording
from sessions_app.scores import is_covered

SWAPPED = gettext_lazy("The recording is analysed again, with the other person as the patient.")
CHANGED_MEANWHILE = gettext_lazy("Nothing was changed: this recording is or was analysed anew meanwhile.")


@open_to(GET=Action.LIST_PATIENTS)
def progress(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """How far the analysis is, asked for again and again by the session's page; once it has ended, that whole page."""
    recording = recording_or_404(request.user, recording_id)
    has_consent = is_covered(recording.session)
    shown = progress_of(recording.job, has_consent=has_consent, unheard=bool(unheard_of([recording.job])))
    if not shown.is_open:
        return HttpResponseClientRefresh()
    if request.GET.get("seen") == shown.appearance:
        return HttpResponse(status=204)
    if request.GET.get("facts") != shown.facts:
        recordings.log(request.user, recording, "read")
    context = {"recording": recording, "progress": shown, "pace": seconds_between_news()}
    return render(request, "dashboard/_recording_progress.html", context)


@open_to(POST=Action.RETRY_ANALYSIS)
def retry(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """Queue a failed analysis again, on another channel where the form names one."""
    recording = recording_or_404(request.user, recording_id)
    try:
        if "patient_channel" in request.POST:
            channel = _channel(request)
            identification.patient_channel_name(user=request.user, recording=recording, channel=channel)
        else:
            recordings.recording_retry(user=request.user, recording=recording)
    except Refused as error:
        messages.error(request, error.message)
        if request.htmx:
            return HttpResponseClientRefresh()
    return _how_far(request, recording)


@open_to(POST=Action.CANCEL_ANALYSIS)
def cancel(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """End the analysis that waits or runs."""
    recording = recording_or_404(request.user, recording_id)
    if not recordings.analysis_cancel(user=request.user, recording=recording) and not request.htmx:
        messages.warning(request, gettext("There was nothing to cancel: the analysis has ended meanwhile."))
    return _how_far(request, recording)


@open_to(POST=Action.REANALYZE)
def reanalyze(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """Analyse the recording anew with today's checkpoint, and return to the session."""
    recording = recording_or_404(request.user, recording_id)
    try:
        if not recordings.recording_reanalyze(user=request.user, recording=recording):
            messages.warning(request, CHANGED_MEANWHILE)
    except ConsentMissing as error:
        messages.error(request, error.message)
    return redirect("session", recording.session_id)


@open_to(GET=Action.DELETE_RECORDING, POST=Action.DELETE_RECORDING)
def delete(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """Ask once more and say what goes; a POST deletes."""
    recording = recording_or_404(request.user, recording_id)
    patient = patient_or_404(request.user, recording.session.patient_id)
    if request.method == "POST":
        recordings.recording_delete(user=request.user, recording=recording)
        messages.success(request, gettext("The recording was deleted, with all that was measured in it."))
        return redirect("session", recording.session_id)
    recordings.log(request.user, recording, "read")
    return render(request, "dashboard/delete_recording.html", {"recording": recording, "patient": patient})


@open_to(GET=Action.REMOVE_AUDIO, POST=Action.REMOVE_AUDIO)
def remove_audio(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """Ask once more and say what goes and what stays; a POST removes the audio."""
    recording = recording_or_404(request.user, recording_id)
    patient = patient_or_404(request.user, recording.session.patient_id)
    if request.method == "POST":
        retention.audio_remove(user=request.user, recording=recording)
        messages.success(request, gettext("The audio was removed. What was measured in it is kept."))
        return redirect("session", recording.session_id)
    recordings.log(request.user, recording, "read")
    return render(request, "dashboard/remove_audio.html", {"recording": recording, "patient": patient})


def _how_far(request: ClinicRequest, recording: Recording) -> HttpResponse:
    """The list of sessions as it is now, or the page that the form came from."""
    patient = patient_or_404(request.user, recording.session.patient_id)
    if request.htmx:
        log_read(request, patient)
        return render(request, "dashboard/_sessions.html", sessions_context(request, patient))
    if "session" in request.POST:
        return redirect("session", recording.session_id)
    return redirect("patient", patient.id)


@open_to(POST=Action.CONFIRM_PATIENT)
def confirm_patient(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """Confirm who was assumed to be the patient, and return to the session."""
    recording = recording_or_404(request.user, recording_id)
    _decided(request, recording, identification.patient_confirm)
    return redirect("session", recording.session_id)


@open_to(POST=Action.CONFIRM_PATIENT)
def swap_patient(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """Analyse the recording again with the other person as the patient; the patient's page shows how far it is."""
    recording = recording_or_404(request.user, recording_id)
    if _decided(request, recording, identification.patient_swap, said=str(SWAPPED)) is None:
        return redirect("session", recording.session_id)
    return redirect("patient", recording.session.patient_id)


def _decided(
    request: ClinicRequest, recording: Recording, decide: Callable[..., bool], *, said: str = ""
) -> bool | None:
    """Whether the decision was carried out (then ``said`` is shown); None where consent is missing."""
    try:
        done = decide(user=request.user, recording=recording, seen=_seen(request))
    except ConsentMissing as error:
        messages.error(request, error.message)
        return None
    if not done:
        messages.warning(request, CHANGED_MEANWHILE)
    elif said:
        messages.success(request, said)
    return done


def _channel(request: ClinicRequest) -> PatientChannel:
    try:
        return PatientChannel(request.POST["patient_channel"])
    except ValueError as error:
        raise BadRequest("The form names a channel that does not exist.") from error


def _seen(request: ClinicRequest) -> UUID:
    """The job whose result the decision is about."""
    try:
        return UUID(request.POST.get("job", ""))
    except ValueError as error:
        raise BadRequest("The form does not say which analysis is meant.") from error
