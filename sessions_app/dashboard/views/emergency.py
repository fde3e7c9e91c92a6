"""Emergency access: a counselor asks for it with a reason, the administrator is told and says that it was seen."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from accounts.policy import Action
from sessions_app import emergency
from sessions_app.dashboard.doors import ClinicRequest, open_to, refusal
from sessions_app.dashboard.forms import EmergencyForm


@open_to(GET=Action.BREAK_GLASS, POST=Action.BREAK_GLASS)
def begin(request: ClinicRequest) -> HttpResponse:
    """Say what it means and ask why; a POST opens the patient. The number is sent by POST, so no address holds it."""
    form = EmergencyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            patient = emergency.emergency_begin(user=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("patient", patient.id)
    context = {"form": form, "minutes": settings.EMERGENCY_MINUTES}
    return render(request, "dashboard/emergency.html", context, status=422 if form.is_bound else 200)


@open_to(POST=Action.MANAGE_CLINIC)
def seen(request: ClinicRequest, access_id: UUID) -> HttpResponse:
    """The administrator has seen it."""
    if not emergency.emergencies_of_clinic(request.user).filter(id=access_id).exists():
        raise refusal(request.user, emergency.KIND, access_id)
    if emergency.emergency_seen(user=request.user, access_id=access_id):
        messages.success(request, gettext("Noted. The access log keeps it."))
    return redirect("home")
