"""How a page lets somebody in: signed in, of a role that may, and to a row that they may see. Each try is recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts import access_log
from accounts.models import User
from accounts.policy import Action, may
from sessions_app.models import Patient, Recording, Session


class ClinicRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: User
    htmx: HtmxDetails


Rest = ParamSpec("Rest")
Page = Callable[Concatenate[ClinicRequest, Rest], HttpResponseBase]


def open_to(*actions: Action) -> Callable[[Page[Rest]], Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]]:
    """Let in who has signed in with a role that may do one of ``actions``; refuse others and record the refusal."""

    def decorate(view: Page[Rest]) -> Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in_first(cast(ClinicRequest, request))
            user = request.user
            if not any(may(user, action) for action in actions):
                access_log.record(actor=user, action=actions[0], object_kind="page", allowed=False)
                raise PermissionDenied
            return view(cast(ClinicRequest, request), *args, **kwargs)

        return cast(Callable[Concatenate[HttpRequest, Rest], HttpResponseBase], guarded)

    return decorate


def _sign_in_first(request: ClinicRequest) -> HttpResponse:
    # A part of a page that asks for news must not be answered with a whole sign-in page.
    if request.htmx:
        return HttpResponseClientRedirect(reverse("account_login"))
    return redirect_to_login(request.get_full_path())


def patient_or_404(user: User, patient_id: UUID) -> Patient:
    """The patient, if ``user`` may see them."""
    patient = Patient.objects.visible_to(user).filter(id=patient_id).first()
    if patient is None:
        raise _refusal(user, "patient", patient_id)
    # The clinic is the user's own and is in hand already.
    patient.clinic = user.clinic
    return patient


def session_or_404(user: User, session_id: UUID) -> Session:
    """The session with its patient, recordings and analyses, if ``user`` may see it."""
    found = Session.objects.visible_to(user).filter(id=session_id)
    session = found.select_related("patient").with_recordings().first()
    if session is None:
        raise _refusal(user, "session", session_id)
    session.patient.clinic = user.clinic
    return session


def recording_or_404(user: User, recording_id: UUID) -> Recording:
    """The recording with its session, if ``user`` may see it."""
    found = Recording.objects.visible_to(user).filter(id=recording_id)
    recording = found.select_related("session").first()
    if recording is None:
        raise _refusal(user, "recording", recording_id)
    return recording


def _refusal(user: User, kind: str, object_id: UUID) -> Http404:
    access_log.record(actor=user, action="read", object_kind=kind, object_id=object_id, allowed=False)
    return Http404(f"No {kind} of this id.")
