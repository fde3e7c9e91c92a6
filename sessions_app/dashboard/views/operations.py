"""How the analyses of the clinic go, for its administrator."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.policy import Action
from sessions_app.dashboard.doors import ClinicRequest, open_to
from sessions_app.dashboard.news import SECONDS_BETWEEN_FIGURES, fingerprint
from sessions_app.dashboard.operations import operations_of


@open_to(GET=Action.MANAGE_CLINIC)
def operations_page(request: ClinicRequest) -> HttpResponse:
    """The figures; asked again and again with ``seen``, and answered with nothing while they stay the same."""
    found = operations_of(request.user.clinic)
    seen = fingerprint(found)
    if request.htmx and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context = {"page": found, "seen": seen, "pace": SECONDS_BETWEEN_FIGURES}
    return render(request, f"dashboard/{'_operations' if request.htmx else 'operations'}.html", context)
