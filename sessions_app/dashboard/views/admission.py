"""Adding a patient, with or without their consent."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from accounts.models import Role, User
from accounts.policy import Action
from sessions_app import services
from sessions_app.dashboard.admission_forms import ConsentForm, PatientForm
from sessions_app.dashboard.doors import ClinicRequest, open_to
from sessions_app.models import Patient


@open_to(GET=Action.ADD_PATIENT, POST=Action.ADD_PATIENT)
def new_patient(request: ClinicRequest) -> HttpResponse:
    """A form for one new patient; a POST adds them and opens their page."""
    form, consent = _forms(request)
    if request.method == "POST":
        added = _added(request.user, form, consent)
        if added is not None:
            messages.success(request, gettext("The patient was added."))
            return redirect("patient", added.id)
    context = {"form": form, "consent": consent, "joins": request.user.role == Role.COUNSELOR}
    return render(request, "dashboard/new_patient.html", context, status=422 if form.is_bound else 200)


def _forms(request: ClinicRequest) -> tuple[PatientForm, ConsentForm]:
    sent = request.POST if request.method == "POST" else None
    form = PatientForm(sent, user=request.user)
    # What stands in the fields of a consent that was not given is nobody's mistake.
    given = sent if form["with_consent"].value() else None
    return form, ConsentForm(given, patient=form.instance)


def _added(user: User, form: PatientForm, consent: ConsentForm) -> Patient | None:
    if not all([form.is_valid(), not consent.is_bound or consent.is_valid()]):
        return None
    try:
        with transaction.atomic():
            patient = services.patient_add(user=user, **form.patient_fields)
            if consent.is_bound:
                services.consent_record(user=user, patient=patient, **consent.consent_fields)
    except ValidationError as error:
        # Somebody else was faster: with this number, or with switching off a counselor's account.
        form.add_error(None, error)
        return None
    return patient
