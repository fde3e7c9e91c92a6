"""Trying an analysis again, and saying who the patient is in it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.policy import Action
from sessions_app import identification, uploads
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404, recording_or_404
from sessions_app.dashboard.views.patients import sessions_context
from sessions_app.errors import ConsentMissing

CHANGED_MEANWHILE = "Nothing was changed: this recording is or was analysed anew meanwhile."


@require_POST
@open_to(Action.RETRY_ANALYSIS)
def retry(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """Queue a failed analysis again."""
    recording = recording_or_404(request.user, recording_id)
    uploads.recording_retry(user=request.user, recording=recording)
    patient = patient_or_404(request.user, recording.session.patient_id)
    if request.htmx:
        return render(request, "dashboard/_sessions.html", sessions_context(request, patient))
    return redirect("patient", patient.id)


@require_POST
@open_to(Action.CONFIRM_PATIENT)
def confirm_patient(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """Confirm who was assumed to be the patient, and return to the session."""
    recording = recording_or_404(request.user, recording_id)
    try:
        done = identification.patient_confirm(user=request.user, recording=recording, seen=_seen(request))
    except ConsentMissing as error:
        messages.error(request, error.message)
    else:
        if not done:
            messages.warning(request, CHANGED_MEANWHILE)
    return redirect("session", recording.session_id)


@require_POST
@open_to(Action.CONFIRM_PATIENT)
def swap_patient(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """Analyse the recording again with the other person as the patient; the patient's page shows how far it is."""
    recording = recording_or_404(request.user, recording_id)
    try:
        done = identification.patient_swap(user=request.user, recording=recording, seen=_seen(request))
    except ConsentMissing as error:
        messages.error(request, error.message)
        return redirect("session", recording.session_id)
    if done:
        messages.success(request, "The recording is analysed again, with the other person as the patient.")
    else:
        messages.warning(request, CHANGED_MEANWHILE)
    return redirect("patient", recording.session.patient_id)


def _seen(request: ClinicRequest) -> UUID:
    """The job whose result the decision is about."""
    try:
        return UUID(request.POST.get("job", ""))
    except ValueError as error:
        raise BadRequest("The form does not say which analysis is meant.") from error
