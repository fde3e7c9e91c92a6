"""The cards of the checkpoints that are installed here."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.policy import Action
from sessions_app.dashboard.checkpoint_cards import NOT_A_DIAGNOSIS, installed_cards
from sessions_app.dashboard.doors import ClinicRequest, open_to


@open_to(GET=(Action.SEE_SCORES, Action.MANAGE_CLINIC))
def checkpoint_cards(request: ClinicRequest) -> HttpResponse:
    """All cards. They say nothing of anybody, so reading them leaves no row in the access log."""
    context = {"cards": installed_cards(), "not_a_diagnosis": NOT_A_DIAGNOSIS}
    return render(request, "dashboard/checkpoints.html", context)
