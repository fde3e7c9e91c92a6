"""The page of one session."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from accounts import access_log
from accounts.policy import Action, may
from sessions_app import playback
from sessions_app.baseline import SESSIONS
from sessions_app.dashboard.doors import ClinicRequest, open_to, session_or_404
from sessions_app.dashboard.news import seconds_between_news
from sessions_app.dashboard.review_panel import ReviewForm
from sessions_app.dashboard.session_detail import recording_details
from sessions_app.dashboard.wording import HEAD_WORDS
from sessions_app.emergency import emergency_of
from sessions_app.engine_words.measures import repeatability
from sessions_app.models import Session


@open_to(GET=Action.LIST_PATIENTS)
def session(request: ClinicRequest, session_id: UUID) -> HttpResponse:
    """What was measured in one session, or for staff how far its recordings are."""
    return session_page(request, session_or_404(request.user, session_id))


def session_page(
    request: ClinicRequest, found: Session, *, sent: Mapping[UUID, ReviewForm] | None = None, status: int = 200
) -> HttpResponse:
    """The page; ``sent``: by recording, the form of a review that could not be kept."""
    access_log.record(
        actor=request.user, action="read", object_kind="session", object_id=found.id, patient_id=found.patient_id
    )
    recordings = recording_details(found, request.user, sent)
    in_emergency = emergency_of(request.user, found.patient) is not None
    context = {
        "session": found,
        "patient": found.patient,
        "recordings": recordings,
        "pace": seconds_between_news() if any(one.progress.is_open for one in recordings) else None,
        "heads": HEAD_WORDS,
        "baseline_sessions": SESSIONS,
        "repeatability": repeatability(),
        "may_listen": may(request.user, Action.LISTEN) and playback.may_be_heard(found),
        "may_delete": may(request.user, Action.DELETE_RECORDING) and not in_emergency,
        "may_write_note": may(request.user, Action.WRITE_NOTE) and not in_emergency,
    }
    return render(request, "dashboard/session.html", context, status=status)
