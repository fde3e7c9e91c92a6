"""The clinic's access log: a search and its export, for the administrator. Both are in the log themselves."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access_log
from accounts.policy import Action
from sessions_app.dashboard.access_log_csv import csv_parts
from sessions_app.dashboard.access_log_form import AccessLogForm
from sessions_app.dashboard.accesses import access_page
from sessions_app.dashboard.doors import ClinicRequest, open_to

KIND = "access_log"


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Action.READ_ACCESS_LOG)
def access_log_page(request: ClinicRequest) -> HttpResponse:
    """A page of rows, newest first; the form is sent by POST, so that no patient's number stands in an address."""
    form = AccessLogForm(request.POST if request.method == "POST" else {}, user=request.user)
    if not form.is_valid():
        return render(request, "dashboard/access_log.html", {"form": form, "page": None}, status=422)
    page = access_page(request.user, form.rows(), after=form.cleaned_data["after"])
    _log(request, form, "list")
    template = "_access_rows" if request.htmx else "access_log"
    return render(request, f"dashboard/{template}.html", {"form": form, "page": page, "with_address": True})


@require_POST
@open_to(Action.READ_ACCESS_LOG)
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


def _log(request: ClinicRequest, form: AccessLogForm, action: str) -> None:
    access_log.record(actor=request.user, action=action, object_kind=KIND, patient_id=form.cleaned_data["patient"])
