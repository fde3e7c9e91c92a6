"""The numbers of a patient's course: one measure for the chart, all of them as a table, and as a file."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from accounts import access_log
from accounts.policy import Action
from inference.biomarkers.definitions import BY_CODE, DEFINITIONS, Definition
from sessions_app.annotations import marks_of
from sessions_app.care import is_of_care_team, require_own_care
from sessions_app.dashboard.course import course_of, measure_chart
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404
from sessions_app.dashboard.views.patients import log_read
from sessions_app.dashboard.wording import HEAD_WORDS, measure_meaning, measure_sentence
from sessions_app.emergency import emergency_of
from sessions_app.measures import own_measure
from sessions_app.numbers import cells_of, entries_of
from sessions_app.spreadsheets import csv_lines
from sessions_app.trends import TrendPoint, trend_of


@open_to(GET=Action.SEE_SCORES)
def measure(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """One acoustic measure over time, for the chart; the first where none is named."""
    found = patient_or_404(request.user, patient_id)
    definition = _definition(request) or DEFINITIONS[0]
    log_read(request, found)
    return JsonResponse(measure_chart(found, request.user, definition))


@open_to(GET=Action.SEE_SCORES)
def numbers(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """All that the chart shows as a table: the scores, or the measure that is named."""
    found = patient_or_404(request.user, patient_id)
    definition = _definition(request)
    course = course_of(found, request.user)
    context = {
        "patient": found,
        "course": course,
        "heads": [] if definition or not course.shown else HEAD_WORDS,
        "definition": definition,
        "meaning": measure_meaning(definition) if definition else "",
        "own": _own(definition, course.trend.points) if definition else course.own,
        "entries": entries_of(course.trend, course.marks),
        "emergency": emergency_of(request.user, found),
        "may_export": is_of_care_team(request.user, found),
    }
    log_read(request, found)
    return render(request, "dashboard/numbers.html", context)


@open_to(POST=Action.EXPORT_PATIENT)
def export(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """The same, and every measure, as CSV."""
    found = patient_or_404(request.user, patient_id)
    require_own_care(request.user, found, Action.EXPORT_PATIENT)
    lines = csv_lines(cells_of(trend_of(found, request.user), marks_of(found, request.user)))
    access_log.record(
        actor=request.user, action="export", object_kind="course", object_id=found.id, patient_id=found.id
    )
    # Neither name nor number: a file's name is seen where its content is not.
    name = f"course-{timezone.localdate():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _definition(request: ClinicRequest) -> Definition | None:
    """The measure that is named, if one is."""
    code = request.GET.get("code")
    if code and code not in BY_CODE:
        raise Http404("There is no measure of this name.")
    return BY_CODE[code] if code else None


def _own(definition: Definition, points: tuple[TrendPoint, ...]) -> list[str]:
    sentence = measure_sentence(definition, own_measure(points, definition))
    return [sentence] if sentence else []
