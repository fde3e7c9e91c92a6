"""The administrator's pages about who cares for whom. Each patient who is shown there is shown in the access log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from accounts import access_log
from accounts.models import User
from accounts.policy import Action
from sessions_app.care_teams import KIND, care_team_join, care_team_leave
from sessions_app.dashboard.care_team_forms import CareTeamSearch, JoinForm
from sessions_app.dashboard.doors import ClinicRequest, open_to, refusal
from sessions_app.models import Patient
from sessions_app.models.patients import PatientQuerySet

MOST_SHOWN = 50


@open_to(GET=Action.ASSIGN_CARE, POST=Action.ASSIGN_CARE)
def care_teams(request: ClinicRequest) -> HttpResponse:
    """Patients whom no counselor sees; a POST searches for others, so that no name stands in an address."""
    asked = request.method == "POST"
    form = CareTeamSearch(request.POST if asked else None, user=request.user)
    context: dict[str, Any] = {"form": form, "most": MOST_SHOWN, "asked": asked and form.is_valid()}
    if context["asked"]:
        context["found"] = _shown(request.user, form.found())
    else:
        alone = Patient.objects.assignable_by(request.user).without_counselor()
        context["alone"] = _shown(request.user, alone)
    refused = asked and not context["asked"]
    return render(request, "dashboard/care_teams.html", context, status=422 if refused else 200)


@open_to(GET=Action.ASSIGN_CARE, POST=Action.ASSIGN_CARE)
def care_team(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """One patient's care team; a POST lets a counselor join it."""
    patient = _patient(request.user, patient_id)
    form = JoinForm(request.POST if request.method == "POST" else None, patient=patient)
    if form.is_valid() and _joined(request, patient, form):
        return redirect("care-team", patient.id)
    access_log.record(actor=request.user, action="read", object_kind=KIND, patient_id=patient.id)
    context = {"patient": patient, "team": _team(patient), "form": form}
    return render(request, "dashboard/care_team.html", context, status=422 if form.is_bound else 200)


@open_to(POST=Action.ASSIGN_CARE)
def leave(request: ClinicRequest, patient_id: UUID, person_id: UUID) -> HttpResponse:
    """Take somebody out of a patient's care team."""
    patient = _patient(request.user, patient_id)
    person = patient.care_team.filter(id=person_id).first()
    if person is None:
        messages.info(request, gettext("They are not of this care team any more."))
        return redirect("care-team", patient.id)
    try:
        care_team_leave(user=request.user, patient=patient, person=person)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        said = gettext("%(name)s has left the care team and does not see the patient any more.")
        messages.success(request, said % {"name": person.display_name})
    return redirect("care-team", patient.id)


def _joined(request: ClinicRequest, patient: Patient, form: JoinForm) -> bool:
    counselor: User = form.cleaned_data["counselor"]
    try:
        care_team_join(user=request.user, patient=patient, counselor=counselor)
    except ValidationError as error:
        # Their account was switched off, or their role changed, while the page was open.
        form.add_error("counselor", error)
        return False
    said = gettext("%(name)s is of the care team now and sees the patient.")
    messages.success(request, said % {"name": counselor.display_name})
    return True


def _patient(user: User, patient_id: UUID) -> Patient:
    patient = Patient.objects.assignable_by(user).filter(id=patient_id).first()
    if patient is None:
        raise refusal(user, KIND, patient_id)
    patient.clinic = user.clinic
    return patient


def _shown(user: User, patients: PatientQuerySet) -> list[Patient]:
    """The first of them, with their care teams, each written into the access log; one more than is shown."""
    found = list(patients.prefetch_related("care_team")[: MOST_SHOWN + 1])
    shown = {patient.id for patient in found[:MOST_SHOWN]}
    access_log.record_each(actor=user, action="list", object_kind=KIND, patient_ids=shown)
    return found


def _team(patient: Patient) -> list[tuple[User, bool]]:
    """Whoever is of the team, and whether they can see the patient."""
    able = set(User.objects.counselors_of(patient.clinic).filter(patients=patient).values_list("id", flat=True))
    return [(person, person.id in able) for person in patient.care_team.order_by("display_name")]
