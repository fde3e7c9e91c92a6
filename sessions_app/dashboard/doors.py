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
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts import access_log
from accounts.models import User
from accounts.needs import Ask, Need, actions_in, needing, needs_of
from accounts.policy import may
from sessions_app.models import Patient, Recording, Session


class ClinicRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: User
    htmx: HtmxDetails


Rest = ParamSpec("Rest")
Page = Callable[Concatenate[ClinicRequest, Rest], HttpResponseBase]


def open_to(**needs: Need) -> Callable[[Page[Rest]], Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]]:
    """Take the methods that are named, from whoever has signed in in a role that may do what is named for them.

    ``@open_to(GET=Action.LIST_PATIENTS, POST=Action.UPLOAD_RECORDING)``; with GET goes HEAD. Others are refused, and
    the refusal is recorded. `accounts.needs.needs_of` reads from the view what it asks.
    """

    def decorate(view: Page[Rest]) -> Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in_first(cast(ClinicRequest, request))
            _refuse_unless_allowed(request.user, by_method[request.method or ""])
            return view(cast(ClinicRequest, request), *args, **kwargs)

        needing(**needs)(guarded)
        by_method = needs_of(guarded) or {}
        return cast(
            Callable[Concatenate[HttpRequest, Rest], HttpResponseBase],
            require_http_methods([*by_method])(guarded),
        )

    return decorate


def _refuse_unless_allowed(user: User, need: Need) -> None:
    actions = actions_in(need)
    if need is not Ask.SIGN_IN and not any(may(user, action) for action in actions):
        access_log.record(actor=user, action=actions[0], object_kind="page", allowed=False)
        raise PermissionDenied


def _sign_in_first(request: ClinicRequest) -> HttpResponse:
    # A part of a page that asks for news must not be answered with a whole sign-in page.
    if request.htmx:
        return HttpResponseClientRedirect(reverse("account_login"))
    return redirect_to_login(request.get_full_path())


def patient_or_404(user: User, patient_id: UUID) -> Patient:
    """The patient, if ``user`` may see them."""
    patient = Patient.objects.visible_to(user).filter(id=patient_id).first()
    if patient is None:
        raise refusal(user, "patient", patient_id)
    # The clinic is the user's own and is in hand already.
    patient.clinic = user.clinic
    return patient


def session_or_404(user: User, session_id: UUID) -> Session:
    """The session with its patient, recordings and analyses, if ``user`` may see it."""
    found = Session.objects.visible_to(user).filter(id=session_id)
    session = found.select_related("patient").with_recordings().first()
    if session is None:
        raise refusal(user, "session", session_id)
    session.patient.clinic = user.clinic
    return session


def recording_or_404(user: User, recording_id: UUID) -> Recording:
    """The recording with its session, if ``user`` may see it."""
    found = Recording.objects.visible_to(user).filter(id=recording_id)
    recording = found.select_related("session", "job").first()
    if recording is None:
        raise refusal(user, "recording", recording_id)
    return recording


def refusal(user: User, kind: str, object_id: UUID) -> Http404:
    """To be raised where there is nothing of this id that ``user`` may see; it is recorded."""
    access_log.record(actor=user, action="read", object_kind=kind, object_id=object_id, allowed=False)
    return Http404(f"No {kind} of this id.")
