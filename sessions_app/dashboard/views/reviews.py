"""Reviewing what was found in a recording."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.policy import Action
from inference.errors import FileDamaged
from sessions_app.dashboard.doors import ClinicRequest, open_to, recording_or_404, session_or_404
from sessions_app.dashboard.review_panel import ReviewForm
from sessions_app.dashboard.views.sessions import session_page
from sessions_app.errors import KeyMissing, Refused
from sessions_app.models import Reason, Recording, Verdict
from sessions_app.reviews import review_set

KEPT = "Your review was kept."
ANOTHER_BY_NOW = "Nothing was kept: this recording shows another analysis by now. Please look at it first."
NOT_ENCRYPTED = "The note could not be encrypted, so nothing was kept. Please tell your clinic administrator."


@open_to(POST=Action.REVIEW_ANALYSIS)
def review(request: ClinicRequest, recording_id: UUID) -> HttpResponse:
    """Keep what is said of the analysis that the form names, and return to the session."""
    recording = recording_or_404(request.user, recording_id)
    form = ReviewForm(request.POST)
    if form.is_valid() and _kept(request, recording, form):
        return redirect("session", recording.session_id)
    session = session_or_404(request.user, recording.session_id)
    return session_page(request, session, sent={recording.id: form}, status=422)


def _kept(request: ClinicRequest, recording: Recording, form: ReviewForm) -> bool:
    """Whether there is nothing more to ask; why not is said in the form, which still holds what was written."""
    given = form.cleaned_data
    try:
        kept = review_set(
            user=request.user,
            recording=recording,
            seen=given["analysis"],
            verdict=Verdict(given["verdict"]),
            reason=Reason(given["reason"]),
            note=given["note"],
        )
    except ValidationError as error:
        form.add_error(None, error)
        return False
    except (FileDamaged, KeyMissing):
        form.add_error(None, NOT_ENCRYPTED)
        return False
    except Refused as error:
        messages.error(request, error.message)
        return True
    messages.success(request, KEPT) if kept else messages.warning(request, ANOTHER_BY_NOW)
    return True
