"""Recording and withdrawing a patient's consent."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from accounts.policy import Action
from sessions_app import services
from sessions_app.care import refuse_in_emergency
from sessions_app.dashboard.admission_forms import ConsentForm
from sessions_app.dashboard.consent_panel import consent_panel
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404
from sessions_app.dashboard.forms import UploadForm
from sessions_app.dashboard.views.patients import log_read, patient_context
from sessions_app.models import Patient


@open_to(GET=Action.RECORD_CONSENT, POST=Action.RECORD_CONSENT)
def record(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Record a consent; the form itself stands on the patient's page."""
    patient = patient_or_404(request.user, patient_id)
    if request.method != "POST":
        return redirect("patient", patient.id)
    form = ConsentForm(request.POST, patient=patient)
    if form.is_valid() and _recorded(request, patient, form):
        messages.success(request, gettext("The consent was recorded."))
        return redirect("patient", patient.id)
    log_read(request, patient)
    context = patient_context(request, patient, UploadForm(), consent_form=form)
    return render(request, "dashboard/patient.html", context, status=422)


def _recorded(request: ClinicRequest, patient: Patient, form: ConsentForm) -> bool:
    """Whether the consent was recorded; what was withdrawn since the form was looked at is said in the form."""
    try:
        services.consent_record(user=request.user, patient=patient, **form.consent_fields)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


@open_to(GET=Action.WITHDRAW_CONSENT, POST=Action.WITHDRAW_CONSENT)
def withdraw(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Ask once more what a withdrawal means; a POST withdraws."""
    patient = patient_or_404(request.user, patient_id)
    if request.method == "POST":
        withdrawn = services.consent_withdraw(user=request.user, patient=patient)
        messages.success(request, _told(bool(withdrawn)))
        return redirect("patient", patient.id)
    refuse_in_emergency(request.user, patient, Action.WITHDRAW_CONSENT)
    log_read(request, patient)
    context = {"patient": patient, "panel": consent_panel(patient, request.user)}
    return render(request, "dashboard/withdraw_consent.html", context)


def _told(withdrawn: bool) -> str:
    if not withdrawn:
        return gettext("There was no consent to withdraw.")
    return gettext("The consent was withdrawn. Open analyses were stopped and scores are no longer shown.")
