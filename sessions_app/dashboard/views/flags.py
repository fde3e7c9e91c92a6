"""The inbox of flags: which ask for something, which were seen or put off, and answering one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy

from accounts import access_log
from accounts.policy import Action, may
from sessions_app import flags
from sessions_app.care import log_each_patient, opened_in_emergency
from sessions_app.dashboard.doors import ClinicRequest, open_to, refusal
from sessions_app.dashboard.flag_forms import InboxForm, PutOffForm, a_week_from_now, first_error
from sessions_app.dashboard.flag_words import flag_words
from sessions_app.dashboard.inbox import inbox_page, with_words
from sessions_app.models import Flag

SEEN = gettext_lazy("Marked as seen.")
SEEN_AND_STAYS = gettext_lazy("Marked as seen. It stays on top while the newest answer is not “not at all”.")
PUT_OFF = gettext_lazy("Put off.")
OPEN_AGAIN = gettext_lazy("Open again.")
GONE = gettext_lazy("Nothing was changed: this flag has ended meanwhile, or there is a newer one in its place.")


@open_to(GET=Action.LIST_PATIENTS, POST=Action.LIST_PATIENTS)
def inbox(request: ClinicRequest, *, put_away: bool = False) -> HttpResponse:
    """Flags of all patients that this user sees; a POST asks for those that follow."""
    form = InboxForm(request.POST) if request.method == "POST" else None
    page = inbox_page(request.user, put_away=put_away, after=form.last if form else None)
    access_log.record(actor=request.user, action="list", object_kind=flags.KIND)
    log_each_patient(request.user, flags.KIND, [words.flag.patient_id for words in page.rows])
    context = {"page": page, "put_away": put_away, "is_further": bool(form and form.last), **_answering(request)}
    template = "dashboard/_inbox_rows.html" if request.htmx and form else "dashboard/inbox.html"
    return render(request, template, context)


@open_to(POST=Action.ANSWER_FLAG)
def see(request: ClinicRequest, flag_id: UUID) -> HttpResponse:
    """Mark a flag as seen."""
    flag = _flag_or_404(request, flag_id)
    said = SEEN if flag.can_be_put_off else SEEN_AND_STAYS
    return _answered(request, flag, str(said), lambda: flags.flag_see(user=request.user, flag=flag))


@open_to(POST=Action.ANSWER_FLAG)
def put_off(request: ClinicRequest, flag_id: UUID) -> HttpResponse:
    """Put a flag off until a day."""
    flag = _flag_or_404(request, flag_id)
    form = PutOffForm(request.POST)
    if not form.is_valid():
        return _refused(request, flag, first_error(form))

    def do() -> bool:
        return flags.flag_put_off(user=request.user, flag=flag, until=form.cleaned_data["until"])

    return _answered(request, flag, str(PUT_OFF), do)


@open_to(POST=Action.ANSWER_FLAG)
def reopen(request: ClinicRequest, flag_id: UUID) -> HttpResponse:
    """Take an answer back."""
    flag = _flag_or_404(request, flag_id)
    return _answered(request, flag, str(OPEN_AGAIN), lambda: flags.flag_reopen(user=request.user, flag=flag))


def _flag_or_404(request: ClinicRequest, flag_id: UUID) -> Flag:
    found = with_words(Flag.objects.visible_to(request.user)).filter(id=flag_id).first()
    if found is None:
        raise refusal(request.user, flags.KIND, flag_id)
    return found


def _answered(request: ClinicRequest, flag: Flag, said: str, do: Callable[[], bool]) -> HttpResponse:
    try:
        if not do():
            return _refused(request, flag, str(GONE))
    except ValidationError as error:
        return _refused(request, flag, error.messages[0])
    if not request.htmx:
        messages.success(request, said)
        return redirect("flags")
    # What it rests on may have ended just now; this flag is then gone.
    now = with_words(Flag.objects.visible_to(request.user)).filter(id=flag.id).first()
    return _row(request, flag, said) if now is None else _row(request, now, said)


def _refused(request: ClinicRequest, flag: Flag, why: str) -> HttpResponse:
    if request.htmx:
        return _row(request, flag, "", why)
    messages.error(request, why)
    return redirect("flags")


def _row(request: ClinicRequest, flag: Flag, said: str, why_not: str = "") -> HttpResponse:
    context = {"words": flag_words(flag), "said": said, "why_not": why_not, **_answering(request)}
    return render(request, "dashboard/_inbox_row.html", context)


def _answering(request: ClinicRequest) -> dict[str, Any]:
    return {
        "may_answer": may(request.user, Action.ANSWER_FLAG),
        "only_seen": opened_in_emergency(request.user),
        "offered": a_week_from_now(),
    }
