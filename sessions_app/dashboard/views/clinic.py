"""The clinic's own page, for its administrator."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts import services
from accounts.models import AffectPolicy
from accounts.policy import Action
from sessions_app.dashboard.clinic_facts import clinic_facts
from sessions_app.dashboard.doors import ClinicRequest, open_to
from sessions_app.dashboard.forms import PolicyForm


def clinic_page(request: ClinicRequest) -> HttpResponse:
    """Policy, people, workers and jobs."""
    clinic = request.user.clinic
    form = PolicyForm(initial={"policy": clinic.affect_policy})
    return render(request, "dashboard/clinic.html", {"form": form, "facts": clinic_facts(clinic)})


@require_POST
@open_to(Action.MANAGE_CLINIC)
def policy(request: ClinicRequest) -> HttpResponse:
    """Set the clinic's policy for affect scores."""
    form = PolicyForm(request.POST)
    if form.is_valid():
        services.affect_policy_set(user=request.user, policy=AffectPolicy(form.cleaned_data["policy"]))
        messages.success(request, "The policy was saved. It holds from now on.")
    else:
        messages.error(request, "Please choose one of the policies.")
    return redirect("home")
