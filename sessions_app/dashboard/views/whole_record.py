"""All that is known of a patient: exported as one archive, or erased."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access_log
from accounts.policy import Action
from sessions_app import erasure, exports
from sessions_app.care import require_own_care
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404
from sessions_app.dashboard.forms import ErasureForm
from sessions_app.models import ErasureReport


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Action.EXPORT_PATIENT)
def export(request: ClinicRequest, patient_id: UUID) -> HttpResponseBase:
    """What the archive holds; a POST sends it."""
    patient = patient_or_404(request.user, patient_id)
    require_own_care(request.user, patient, Action.EXPORT_PATIENT)
    if request.method != "POST":
        access_log.record(actor=request.user, action="read", object_kind="patient", object_id=patient.id)
        return render(request, "dashboard/export_patient.html", {"patient": patient})
    archive = exports.patient_export(user=request.user, patient=patient)
    return StreamingHttpResponse(
        archive.parts_async(),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{exports.file_name(patient)}"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Action.ERASE_PATIENT)
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


@require_safe
@open_to(Action.ERASE_PATIENT, Action.MANAGE_CLINIC)
def report(request: ClinicRequest, report_id: UUID) -> HttpResponse:
    """What was erased, for whoever did it and for the administrator."""
    found = get_object_or_404(ErasureReport.objects.visible_to(request.user).select_related("erased_by"), id=report_id)
    access_log.record(
        actor=request.user, action="read", object_kind="erasure_report", object_id=found.id, patient_id=found.patient_id
    )
    return render(request, "dashboard/erasure_report.html", {"report": found})
