"""Adding a patient, with or without their consent; putting their name and number right."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from accounts.models import Role, User
from accounts.policy import Action
from sessions_app import services
from sessions_app.care import refuse_in_emergency
from sessions_app.dashboard.admission_forms import ConsentForm, CorrectionForm, PatientForm
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404
from sessions_app.dashboard.views.patients import log_read
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


@open_to(GET=Action.CORRECT_PATIENT, POST=Action.CORRECT_PATIENT)
def correct_patient(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """A patient's name and number as they are; a POST puts them right."""
    patient = patient_or_404(request.user, patient_id)
    refuse_in_emergency(request.user, patient, Action.CORRECT_PATIENT)
    form = CorrectionForm(request.POST if request.method == "POST" else None, patient=patient)
    if form.is_valid() and _corrected(request.user, patient, form):
        messages.success(request, gettext("Name and number were kept."))
        return redirect("patient", patient.id)
    log_read(request, patient)
    context = {"patient": patient, "form": form}
    return render(request, "dashboard/correct_patient.html", context, status=422 if form.is_bound else 200)


def _corrected(user: User, patient: Patient, form: CorrectionForm) -> bool:
    try:
        services.patient_correct(user=user, patient=patient, **form.corrected)
    except ValidationError as error:
        # Somebody else was faster with this number.
        form.add_error(None, error)
        return False
    return True


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
