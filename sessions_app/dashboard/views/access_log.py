"""The access log: the administrator's search and export, and who looked at a patient. All are in the log themselves."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts import access_log
from accounts.policy import Action
from sessions_app.dashboard.access_log_csv import csv_parts
from sessions_app.dashboard.access_log_form import AccessLogForm, PlaceForm
from sessions_app.dashboard.accesses import KIND, access_page, accesses_to, latest_readers
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404


@open_to(GET=Action.READ_ACCESS_LOG, POST=Action.READ_ACCESS_LOG)
def access_log_page(request: ClinicRequest) -> HttpResponse:
    """A page of rows, newest first; the form is sent by POST, so that no patient's number stands in an address."""
    form = AccessLogForm(request.POST if request.method == "POST" else {}, user=request.user)
    if not form.is_valid():
        return render(request, "dashboard/access_log.html", {"form": form, "page": None}, status=422)
    page = access_page(request.user, form.rows(), after=form.cleaned_data["after"])
    _log(request, form, "list")
    template = "_access_rows" if request.htmx else "access_log"
    return render(request, f"dashboard/{template}.html", {"form": form, "page": page, "with_address": True})


@open_to(POST=Action.READ_ACCESS_LOG)
def export(request: ClinicRequest) -> HttpResponseBase:
    """All rows that the form asks for, as CSV."""
    form = AccessLogForm(request.POST, user=request.user)
    if not form.is_valid():
        return render(request, "dashboard/access_log.html", {"form": form, "page": None}, status=422)
    # Before the first byte: whoever breaks the download off has read what came until then.
    _log(request, form, "export")
    name = f"access-log-{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        csv_parts(request.user, form.rows()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@open_to(GET=Action.SEE_WHO_LOOKED)
def patient_accesses(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Who looked at a patient of one's own care: people and how often for the patient's page, alone each row."""
    found = patient_or_404(request.user, patient_id)
    access_log.record(actor=request.user, action="read", object_kind=KIND, patient_id=found.id)
    if request.htmx:
        return render(request, "dashboard/_readers.html", {"patient": found, "readers": latest_readers(found)})
    page = access_page(request.user, accesses_to(found), after=PlaceForm.after_in(request.GET))
    return render(request, "dashboard/patient_accesses.html", {"patient": found, "page": page})


def _log(request: ClinicRequest, form: AccessLogForm, action: str) -> None:
    access_log.record(actor=request.user, action=action, object_kind=KIND, patient_id=form.cleaned_data["patient"])
