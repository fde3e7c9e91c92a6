"""The first page: the patients of a counselor or of the clinic, or the clinic itself for its administrator."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts import access_log
from accounts.policy import Action, may
from sessions_app.care import log_each_patient
from sessions_app.dashboard.caseload import caseload_page
from sessions_app.dashboard.doors import ClinicRequest, open_to
from sessions_app.dashboard.forms import SearchForm
from sessions_app.dashboard.views.clinic import clinic_page
from sessions_app.dashboard.wording import HEAD_WORDS


@open_to(GET=(Action.LIST_PATIENTS, Action.MANAGE_CLINIC), POST=Action.LIST_PATIENTS)
def home(request: ClinicRequest) -> HttpResponse:
    """Patients for who cares for them; the clinic for its administrator."""
    if may(request.user, Action.LIST_PATIENTS):
        return patient_list(request)
    return clinic_page(request)


def patient_list(request: ClinicRequest) -> HttpResponse:
    """A page of patients. Names are searched for by POST, so that none stands in an address or a server's log."""
    form = SearchForm(request.POST or None)
    asked = form.cleaned_data if form.is_valid() else {}
    text, after = asked.get("text", ""), asked.get("after")
    page = caseload_page(request.user, text=text, after=after)
    if asked.get("seen") == page.fingerprint:
        return HttpResponse(status=204)
    access_log.record(actor=request.user, action="list", object_kind="patient")
    log_each_patient(request.user, "patient", [row.patient.id for row in page.rows])
    context = {
        "page": page,
        "text": text,
        "after": after,
        "heads": HEAD_WORDS,
        "may_add": may(request.user, Action.ADD_PATIENT),
        "may_break_glass": may(request.user, Action.BREAK_GLASS),
        "is_clinical": may(request.user, Action.SEE_SCORES),
    }
    return render(request, _template(request, more=bool(after)), context)


def _template(request: ClinicRequest, *, more: bool) -> str:
    if not request.htmx:
        return "dashboard/home.html"
    return "dashboard/_caseload_more.html" if more else "dashboard/_caseload.html"
