"""Trying an analysis again."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.policy import Action
from sessions_app import uploads
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404, recording_or_404
from sessions_app.dashboard.views.patients import sessions_context


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
