"""News about the engine, asked for by a page that shows a warning, so that the warning goes when its reason does."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.policy import Action
from sessions_app.dashboard.doors import ClinicRequest, open_to


@open_to(GET=(Action.LIST_PATIENTS, Action.MANAGE_CLINIC))
def system_notice(request: ClinicRequest) -> HttpResponse:
    """Whether a worker runs and has its model; nothing when all is well."""
    return render(request, "_system_notice.html")
