"""Which checkpoints have scored the recordings of a clinic, for its administrator: counts, and nothing of a patient."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.policy import Action
from sessions_app.dashboard.checkpoint_counts import checkpoint_counts
from sessions_app.dashboard.doors import ClinicRequest, open_to


@open_to(GET=Action.MANAGE_CLINIC)
def checkpoints_in_use(request: ClinicRequest) -> HttpResponse:
    """The one that scores new recordings, and all that have scored recordings of this clinic."""
    return render(request, "dashboard/checkpoints_in_use.html", {"page": checkpoint_counts(request.user.clinic)})
