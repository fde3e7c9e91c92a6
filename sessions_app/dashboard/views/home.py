"""The first page: the patients of a counselor or of the clinic, or the clinic itself for its administrator."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.http import HttpResponse
from django.shortcuts import render

from accounts import access_log
from accounts.policy import Action, may
from sessions_app.care import log_each_patient
from sessions_app.dashboard.caseload import CaseloadPage, caseload_page
from sessions_app.dashboard.caseload_order import (
    MANY,
    View,
    saved_view,
    self_harm_left_out,
    view_save,
    without_reasons_unseen,
)
from sessions_app.dashboard.doors import ClinicRequest, open_to
from sessions_app.dashboard.forms import SearchForm
from sessions_app.dashboard.news import fingerprint
from sessions_app.dashboard.views.clinic import clinic_page
from sessions_app.dashboard.wording import HEAD_WORDS
from sessions_app.models import Order
from sessions_app.models.flags import kinds_shown_to

CHECKPOINTS = "caseload checkpoints"
"""What the names of checkpoints that a page hands to the next one are signed for."""

LISTED = [words for words in HEAD_WORDS if words.head == "depression"]
"""Scores with a column of their own; the others stand on the patient's page."""


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
    place = form.place if asked else None
    kinds = kinds_shown_to(request.user)
    view = without_reasons_unseen(form.view if asked else saved_view(request.user), kinds)
    if asked.get("save"):
        view_save(request.user, view)
    page = caseload_page(request.user, view, place, checkpoints=_named(asked.get("checkpoints", "")))
    left_out = self_harm_left_out(request.user, view)
    seen = fingerprint((page.fingerprint, left_out))
    if asked.get("seen") == seen:
        return HttpResponse(status=204)
    access_log.record(actor=request.user, action="list", object_kind="patient")
    log_each_patient(request.user, "patient", [row.patient.id for row in page.rows])
    context = _context(request, view, page) | {"left_out": left_out, "many": MANY, "seen": seen}
    context |= {"kept": bool(asked.get("save")), "kinds": [(kind.value, kind.label) for kind in sorted(kinds)]}
    return render(request, _template(request, more=place is not None), context)


def _context(request: ClinicRequest, view: View, page: CaseloadPage) -> dict[str, Any]:
    return {
        "page": page,
        "view": view,
        "orders": Order.choices,
        "checkpoints": signing.dumps([label.name for label in page.checkpoints], salt=CHECKPOINTS),
        "heads": LISTED,
        "may_add": may(request.user, Action.ADD_PATIENT),
        "may_break_glass": may(request.user, Action.BREAK_GLASS),
        "is_clinical": may(request.user, Action.SEE_SCORES),
    }


def _named(signed: str) -> list[str]:
    """The names of the checkpoints of earlier pages, if they are what this server has sent."""
    try:
        names: list[str] = signing.loads(signed, salt=CHECKPOINTS)
    except signing.BadSignature:
        return []
    return names


def _template(request: ClinicRequest, *, more: bool) -> str:
    if not request.htmx:
        return "dashboard/home.html"
    return "dashboard/_caseload_more.html" if more else "dashboard/_caseload.html"
