"""What happened to a patient, beside the chart: read by counselors, noted and put right in place by the care team."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django_htmx.http import trigger_client_event

from accounts import access_log
from accounts.policy import Action
from sessions_app.annotations import (
    KIND,
    Mark,
    Said,
    annotation_add,
    annotation_correct,
    annotation_remove,
    mark_of,
    marks_of,
)
from sessions_app.care import require_own_care
from sessions_app.dashboard.annotation_forms import AnnotationForm, annotations_context
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404, refusal
from sessions_app.dashboard.keeping import kept
from sessions_app.dashboard.views.patients import COURSE_CHANGED
from sessions_app.emergency import emergency_of
from sessions_app.models import Annotation, AnnotationKind, Patient


@open_to(GET=Action.SEE_ANNOTATIONS, POST=Action.ANNOTATE)
def patient_annotations(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """All of a patient's, and a form for one more; a POST keeps it."""
    patient = patient_or_404(request.user, patient_id)
    if request.method == "POST":
        require_own_care(request.user, patient, Action.ANNOTATE)
    form = AnnotationForm(_sent(request))

    def keep(said: Said) -> Annotation:
        return annotation_add(user=request.user, patient=patient, said=said)

    if form.is_valid() and _kept(form, keep):
        return _done(request, patient, gettext("The event was kept."))
    return _shown(request, patient, form=form, unfolded=form.is_bound)


@open_to(GET=Action.ANNOTATE, POST=Action.ANNOTATE)
def annotation(request: ClinicRequest, annotation_id: UUID) -> HttpResponse:
    """One in a form; a POST puts it right."""
    mark = _mark_or_404(request, annotation_id)
    form = AnnotationForm(_sent(request), mark=mark)

    def keep(said: Said) -> Annotation:
        return annotation_correct(user=request.user, annotation=mark.annotation, said=said)

    if form.is_valid() and _kept(form, keep):
        return _done(request, mark.annotation.patient, gettext("The event was corrected."))
    return _shown(request, mark.annotation.patient, form=form, editing=annotation_id, unfolded=True)


@open_to(GET=Action.ANNOTATE, POST=Action.ANNOTATE)
def remove(request: ClinicRequest, annotation_id: UUID) -> HttpResponse:
    """Ask whether it is to go; a POST removes it."""
    mark = _mark_or_404(request, annotation_id)
    patient = mark.annotation.patient
    if request.method == "POST":
        annotation_remove(user=request.user, annotation=mark.annotation)
        return _done(request, patient, gettext("The event was removed."))
    return _shown(request, patient, form=AnnotationForm(), removing=mark)


def _mark_or_404(request: ClinicRequest, annotation_id: UUID) -> Mark:
    found = Annotation.objects.visible_to(request.user).filter(id=annotation_id)
    one = found.select_related("patient", "key").first()
    if one is None:
        raise refusal(request.user, KIND, annotation_id)
    one.patient.clinic = request.user.clinic
    require_own_care(request.user, one.patient, Action.ANNOTATE)
    return mark_of(one)


def _sent(request: ClinicRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _kept(form: AnnotationForm, keep: Callable[[Said], Annotation]) -> bool:
    given = form.cleaned_data
    return kept(form, lambda: keep(Said(given["day"], AnnotationKind(given["kind"]), given["text"])))


def _done(request: ClinicRequest, patient: Patient, words: str) -> HttpResponse:
    """The list as it is now, with news for the chart; or back to the patient's page."""
    if not request.htmx:
        messages.success(request, words)
        return redirect("patient", patient.id)
    return trigger_client_event(_shown(request, patient, said=words), COURSE_CHANGED)


def _shown(request: ClinicRequest, patient: Patient, **more: Any) -> HttpResponse:
    """The list in place, or as a page of its own. ``more``: form, what is edited or to be removed, what was done."""
    context = {"patient": patient, **annotations_context(request.user, patient, marks_of(patient, request.user))}
    form = more.pop("form", None)
    if form is not None and context["annotation_form"] is not None:
        context["annotation_form"] = form
    context |= {"emergency": emergency_of(request.user, patient), **more}
    access_log.record(actor=request.user, action="list", object_kind=KIND, patient_id=patient.id)
    if request.htmx:
        # htmx puts no refusal in place, and what is wrong is to be read there.
        return render(request, "dashboard/_annotations.html", context)
    wrong = form is not None and form.is_bound
    return render(request, "dashboard/annotations.html", context, status=422 if wrong else 200)
