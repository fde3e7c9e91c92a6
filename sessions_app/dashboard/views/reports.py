"""The report on a patient, as a file to be kept in a record."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.policy import Action
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404
from sessions_app.dashboard.report_pdf import NoPdf, report_file_name, report_pdf
from sessions_app.report import report_make


@open_to(GET=Action.EXPORT_PATIENT)
def report(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """The file, for the care team; in the log as an export."""
    patient = patient_or_404(request.user, patient_id)
    made = report_make(user=request.user, patient=patient)
    try:
        file = report_pdf(made)
    except NoPdf as error:
        messages.error(request, error.message)
        return redirect("patient", patient.id)
    disposition = f'attachment; filename="{report_file_name(made)}"'
    return HttpResponse(file, content_type="application/pdf", headers={"Content-Disposition": disposition})
