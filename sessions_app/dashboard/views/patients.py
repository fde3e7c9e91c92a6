"""A patient's page and its parts: the chart, the sessions, the upload."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django_htmx.http import trigger_client_event

from accounts import access_log
from accounts.models import AffectPolicy
from accounts.policy import Action, may
from inference.errors import AnalysisError
from sessions_app import uploads
from sessions_app.care import is_of_care_team
from sessions_app.dashboard.admission_forms import ConsentForm
from sessions_app.dashboard.annotation_forms import annotations_context
from sessions_app.dashboard.consent_panel import consent_panel
from sessions_app.dashboard.course import Course, SessionList, course_of, session_list
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404
from sessions_app.dashboard.forms import UploadForm
from sessions_app.dashboard.news import seconds_between_news
from sessions_app.dashboard.note_pages import HEADS, note_heads
from sessions_app.dashboard.questionnaire_panel import panels, safety_answer
from sessions_app.dashboard.wording import HEAD_WORDS, policy_sentence
from sessions_app.emergency import emergency_of
from sessions_app.engine_words.errors import error_words
from sessions_app.errors import Refused
from sessions_app.models import Patient, PatientChannel

COURSE_CHANGED = "course-changed"


@open_to(GET=Action.LIST_PATIENTS)
def patient(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Everything about one patient that this user may see."""
    found = patient_or_404(request.user, patient_id)
    log_read(request, found)
    return render(request, "dashboard/patient.html", patient_context(request, found, UploadForm()))


@open_to(GET=Action.SEE_SCORES)
def course(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """The chart alone, fetched again when an analysis is done."""
    found = patient_or_404(request.user, patient_id)
    log_read(request, found)
    context = {"patient": found, "course": course_of(found, request.user), "heads": HEAD_WORDS}
    context["annotation_form"] = may(request.user, Action.ANNOTATE) and is_of_care_team(request.user, found)
    return render(request, "dashboard/_course.html", context)


@open_to(GET=Action.LIST_PATIENTS, POST=Action.UPLOAD_RECORDING)
def sessions(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """The list of sessions, asked for again and again while an analysis runs; a POST brings a recording in."""
    found = patient_or_404(request.user, patient_id)
    if request.method == "POST":
        return _upload(request, found)
    context = sessions_context(request, found)
    listed: SessionList = context["sessions"]
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    if request.GET.get("facts") != listed.facts:
        log_read(request, found)
    response = render(request, "dashboard/_sessions.html", context)
    if request.GET.get("analysed") != str(listed.analysed):
        trigger_client_event(response, COURSE_CHANGED)
    return response


def _upload(request: ClinicRequest, found: Patient) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid() and _kept(request, found, form):
        return _uploaded(request, found)
    if request.htmx:
        context = {"patient": found, "form": form, "panel": consent_panel(found, request.user)}
        return render(request, "dashboard/_upload.html", context, status=422)
    log_read(request, found)
    return render(request, "dashboard/patient.html", patient_context(request, found, form), status=422)


def _kept(request: ClinicRequest, found: Patient, form: UploadForm) -> bool:
    try:
        uploads.session_upload(
            user=request.user,
            patient=found,
            held_at=form.cleaned_data["held_at"],
            upload=form.upload,
            patient_channel=PatientChannel(form.cleaned_data["patient_channel"]),
        )
    except (AnalysisError, Refused) as error:
        form.add_error(None, f"{error_words(error.code, error.message)} ({error.code})")
        return False
    return True


def _uploaded(request: ClinicRequest, found: Patient) -> HttpResponse:
    if request.htmx:
        return render(request, "dashboard/_sessions.html", sessions_context(request, found), status=201)
    messages.success(request, gettext("The recording was received. Its analysis begins as soon as a worker is free."))
    return redirect("patient", found.id)


def patient_context(
    request: ClinicRequest, found: Patient, form: UploadForm, *, consent_form: ConsentForm | None = None
) -> dict[str, Any]:
    """What the whole page needs."""
    sees_scores = may(request.user, Action.SEE_SCORES)
    course = course_of(found, request.user) if sees_scores else None
    panel, is_on = consent_panel(found, request.user, consent_form), found.clinic.affect_policy == AffectPolicy.ON
    return {
        **sessions_context(request, found),
        **_answers(request, course),
        **_events(request, found, course),
        "course": course,
        "panel": panel,
        # Without consent it would sound as if there were scores all the same.
        "policy": policy_sentence(found.clinic) if sees_scores and (panel.words.given or not is_on) else "",
        "form": form,
        "may_see_who_looked": may(request.user, Action.SEE_WHO_LOOKED),
        "may_correct": may(request.user, Action.CORRECT_PATIENT),
        "may_see_changes": may(request.user, Action.SEE_CHANGES),
        "note_heads": note_heads(request.user, found) if may(request.user, Action.READ_NOTES) else None,
        "heads_shown": HEADS,
        "may_export": may(request.user, Action.EXPORT_PATIENT),
        "emergency": emergency_of(request.user, found) if may(request.user, Action.BREAK_GLASS) else None,
    }


def _answers(request: ClinicRequest, course: Course | None) -> dict[str, Any]:
    """What the patient answered, for those who may see it."""
    if course is None or not may(request.user, Action.SEE_QUESTIONNAIRES):
        return {"questionnaires": None}
    return {
        "questionnaires": panels(course.trend.questionnaires),
        "safety": safety_answer(course.trend.questionnaires),
        "may_enter_questionnaire": may(request.user, Action.ENTER_QUESTIONNAIRE),
    }


def _events(request: ClinicRequest, found: Patient, course: Course | None) -> dict[str, Any]:
    """What happened on which day, for those who may see it."""
    if course is None or not may(request.user, Action.SEE_ANNOTATIONS):
        return {"marks": None}
    return annotations_context(request.user, found, course.marks)


def sessions_context(request: ClinicRequest, found: Patient) -> dict[str, Any]:
    """What the list of sessions needs."""
    listed = session_list(found, request.user, everything=_shows_all_sessions(request))
    pace = seconds_between_news() if listed.any_open else None
    return {
        "patient": found,
        "sessions": listed,
        "pace": pace,
        "seen": f"{listed.appearance}-{pace}",
        "heads": HEAD_WORDS,
        "score_columns": listed.score_columns,
    }


def _shows_all_sessions(request: ClinicRequest) -> bool:
    """Whether the page that is open was asked for all sessions, also where a part of it is fetched."""
    address = (request.htmx.current_url or "") if request.htmx else request.get_full_path()
    return ("sessions", "all") in parse_qsl(urlsplit(address).query)


def log_read(request: ClinicRequest, found: Patient) -> None:
    """Record that this patient was looked at."""
    access_log.record(actor=request.user, action="read", object_kind="patient", object_id=found.id, patient_id=found.id)
