"""The clinic's own page, for its administrator."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from accounts import access_log, services
from accounts.models import IDLE_MINUTES, OVERDUE_WEEKS, AffectPolicy, User
from accounts.policy import Action
from sessions_app import emergency, flags, reviews
from sessions_app.dashboard.clinic_facts import clinic_facts
from sessions_app.dashboard.doors import ClinicRequest, open_to
from sessions_app.dashboard.emergency_rows import emergency_rows
from sessions_app.dashboard.forms import AudioForm, IdleForm, OverdueForm, PolicyForm
from sessions_app.models import ErasureReport, Patient

LATEST_ERASURES = 20


def clinic_page(request: ClinicRequest) -> HttpResponse:
    """Policy, people, workers and jobs."""
    clinic = request.user.clinic
    form = PolicyForm(initial={"policy": clinic.affect_policy})
    context = {
        "form": form,
        "idle": IdleForm(initial={"minutes": clinic.idle_minutes}),
        "audio": AudioForm(instance=clinic),
        "overdue": OverdueForm(instance=clinic),
        "facts": clinic_facts(clinic),
        "alone": Patient.objects.assignable_by(request.user).without_counselor().count(),
        "tallies": list(reviews.tallies(clinic)),
        "fewest": reviews.FEWEST,
        **_watched(request.user),
    }
    return render(request, "dashboard/clinic.html", context)


def _watched(user: User) -> dict[str, Any]:
    """What the administrator should see: emergency accesses that nobody has looked at, patients who were erased.

    A reason says something of its patient, so that reading it leaves a row for each.
    """
    emergencies = emergency_rows(user)
    about = {row.access.patient_id for row in emergencies}
    access_log.record_each(actor=user, action="read", object_kind=emergency.KIND, patient_ids=about)
    return {
        "emergencies": emergencies,
        "erasures": ErasureReport.objects.visible_to(user).select_related("erased_by")[:LATEST_ERASURES],
    }


@open_to(POST=Action.MANAGE_CLINIC)
def audio(request: ClinicRequest) -> HttpResponse:
    """Set how long the clinic keeps audio."""
    form = AudioForm(request.POST)
    if form.is_valid():
        services.audio_days_set(user=request.user, days=form.cleaned_data["audio_days"])
        messages.success(request, gettext("Saved. It also holds for audio that is kept already."))
    else:
        messages.error(request, gettext("Please give a number of days from 1 to 3650."))
    return redirect("home")


@open_to(POST=Action.MANAGE_CLINIC)
def overdue(request: ClinicRequest) -> HttpResponse:
    """Set after how many weeks without a session a patient is flagged."""
    form = OverdueForm(request.POST)
    if form.is_valid():
        clinic = services.overdue_weeks_set(user=request.user, weeks=form.cleaned_data["overdue_weeks"])
        flags.flags_refresh_soon(clinic)
        messages.success(request, gettext("Saved. The lists of patients follow within a few hours."))
    else:
        messages.error(request, gettext("Please give %(least)s to %(most)s weeks.") % _ends(OVERDUE_WEEKS))
    return redirect("home")


@open_to(POST=Action.MANAGE_CLINIC)
def policy(request: ClinicRequest) -> HttpResponse:
    """Set the clinic's policy for affect scores."""
    form = PolicyForm(request.POST)
    if form.is_valid():
        services.affect_policy_set(user=request.user, policy=AffectPolicy(form.cleaned_data["policy"]))
        messages.success(request, gettext("The policy was saved. It holds from now on."))
    else:
        messages.error(request, gettext("Please choose one of the policies."))
    return redirect("home")


@open_to(POST=Action.MANAGE_CLINIC)
def idle(request: ClinicRequest) -> HttpResponse:
    """Set after how long without doing anything people are signed out."""
    form = IdleForm(request.POST)
    if form.is_valid():
        services.idle_minutes_set(user=request.user, minutes=form.cleaned_data["minutes"])
        messages.success(request, gettext("Saved. It holds from now on."))
    else:
        messages.error(request, gettext("Please give %(least)s to %(most)s minutes.") % _ends(IDLE_MINUTES))
    return redirect("home")


def _ends(allowed: range) -> dict[str, int]:
    return {"least": allowed.start, "most": allowed.stop - 1}
