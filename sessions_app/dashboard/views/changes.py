"""What was changed: in a patient's record, for the care team; in people and settings, for the administrator."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from accounts import access_log
from accounts.policy import Action
from sessions_app.changes import changes_in_clinic, changes_of_patient
from sessions_app.dashboard.access_log_form import PlaceForm
from sessions_app.dashboard.changes import KIND, PAGE_SIZE, change_page
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404
from sessions_app.reviews import analyses_shown


@open_to(GET=Action.SEE_CHANGES)
def patient_changes(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Each change of the record of a patient of one's own care, newest first."""
    patient = patient_or_404(request.user, patient_id)
    access_log.record(actor=request.user, action="read", object_kind=KIND, patient_id=patient.id)
    found = changes_of_patient(patient, after=PlaceForm.after_in(request.GET), size=PAGE_SIZE + 1)
    shown = analyses_shown(request.user, patient)
    context = {"patient": patient, "page": change_page(patient.clinic_id, found, shown)}
    return render(request, "dashboard/patient_changes.html", context)


@open_to(GET=Action.MANAGE_CLINIC)
def clinic_changes(request: ClinicRequest) -> HttpResponse:
    """Each change of the clinic's people and settings, newest first. Nothing of a patient."""
    access_log.record(actor=request.user, action="read", object_kind=KIND)
    clinic = request.user.clinic
    found = changes_in_clinic(clinic, after=PlaceForm.after_in(request.GET), size=PAGE_SIZE + 1)
    return render(request, "dashboard/clinic_changes.html", {"page": change_page(clinic.id, found)})
