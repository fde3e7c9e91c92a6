"""Reviewing what was found in a recording."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy

from accounts.policy import Action
from sessions_app.dashboard.doors import ClinicRequest, open_to, recording_or_404, session_or_404
from sessions_app.dashboard.keeping import kept
from sessions_app.dashboard.review_panel import ReviewForm
from sessions_app.dashboard.views.sessions import session_page
from sessions_app.errors import Refused
from sessions_app.models import Reason, Recording, Verdict
from sessions_app.reviews import review_set

KEPT = gettext_lazy("Your review was kept.")
ANOTHER_BY_NOW = gettext_lazy(
    "Nothing was kept: this recording shows another analysis by now. Please look at it first."
)


@open_to(POST=Action.REVIEW_ANALYSIS)
def review(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """Keep what is said of the analysis that the form names, and return to the session."""
    recording = recording_or_404(request.user, recording_id)
    form = ReviewForm(request.POST)
    if form.is_valid() and kept(form, lambda: _say(request, recording, form.cleaned_data)):
        return redirect("session", recording.session_id)
    session = session_or_404(request.user, recording.session_id)
    return session_page(request, session, sent={recording.id: form}, status=422)


def _say(request: ClinicRequest, recording: Recording, given: dict[str, Any]) -> None:
    """Keep it and say so, or say why there is nothing to keep any more."""
    try:
        kept_now = review_set(
            user=request.user,
            recording=recording,
            seen=given["analysis"],
            verdict=Verdict(given["verdict"]),
            reason=Reason(given["reason"]),
            note=given["note"],
        )
    except Refused as error:
        messages.error(request, error.message)
        return
    messages.success(request, KEPT) if kept_now else messages.warning(request, ANOTHER_BY_NOW)
