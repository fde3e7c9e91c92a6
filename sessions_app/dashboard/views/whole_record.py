"""All that is known of a patient: exported as one archive, or erased."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render

from accounts import access_log
from accounts.policy import Action
from sessions_app import erasure, exports
from sessions_app.care import require_own_care
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404, refusal
from sessions_app.dashboard.forms import ErasureForm
from sessions_app.models import ErasureReport


@open_to(GET=Action.EXPORT_PATIENT, POST=Action.EXPORT_PATIENT)
def export(request: ClinicRequest, patient_id: UUID) -> HttpResponseBase:
    """What the archive holds; a POST sends it."""
    patient = patient_or_404(request.user, patient_id)
    require_own_care(request.user, patient, Action.EXPORT_PATIENT)
    if request.method != "POST":
        access_log.record(actor=request.user, action="read", object_kind="patient", object_id=patient.id)
        return render(request, "dashboard/export_patient.html", {"patient": patient})
    apart = "psychotherapy_notes" in request.POST
    archive = exports.patient_export(user=request.user, patient=patient, psychotherapy_notes=apart)
    return StreamingHttpResponse(
        archive.parts_async(),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{exports.file_name(patient)}"'},
    )


@open_to(GET=Action.ERASE_PATIENT, POST=Action.ERASE_PATIENT)
def erase(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Say what goes and ask for the patient's number to be typed; a POST with it erases."""
    patient = patient_or_404(request.user, patient_id)
    require_own_care(request.user, patient, Action.ERASE_PATIENT)
    form = ErasureForm(request.POST if request.method == "POST" else None, patient=patient)
    if form.is_valid():
        report = erasure.patient_erase(user=request.user, patient=patient)
        return redirect("erasure-report", report.id) if report else redirect("home")
    access_log.record(actor=request.user, action="read", object_kind="patient", object_id=patient.id)
    context = {"patient": patient, "form": form}
    return render(request, "dashboard/erase_patient.html", context, status=422 if form.is_bound else 200)


@open_to(GET=(Action.ERASE_PATIENT, Action.MANAGE_CLINIC))
def report(request: ClinicRequest, report_id: UUID) -> HttpResponse:
    """What was erased, for whoever did it and for the administrator."""
    found = ErasureReport.objects.visible_to(request.user).select_related("erased_by").filter(id=report_id).first()
    if found is None:
        raise refusal(request.user, "erasure_report", report_id)
    access_log.record(
        actor=request.user, action="read", object_kind="erasure_report", object_id=found.id, patient_id=found.patient_id
    )
    return render(request, "dashboard/erasure_report.html", {"report": found})
