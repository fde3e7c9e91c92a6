"""The notes of a patient: read and written by the counselors of the care team."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from accounts import access_log
from accounts.policy import Action
from sessions_app import notes
from sessions_app.care import is_of_care_team, require_own_care
from sessions_app.dashboard.doors import ClinicRequest, open_to, patient_or_404, refusal
from sessions_app.dashboard.keeping import kept
from sessions_app.dashboard.note_forms import AddendumForm, NoteForm
from sessions_app.dashboard.note_pages import note_page, note_with_addenda, shown
from sessions_app.emergency import emergency_of
from sessions_app.models import Note, NoteKind, Patient


@open_to(GET=Action.READ_NOTES, POST=Action.WRITE_NOTE)
def patient_notes(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """All notes that this user may read; a POST signs one more."""
    patient = patient_or_404(request.user, patient_id)
    if request.method == "POST":
        require_own_care(request.user, patient, Action.WRITE_NOTE)
    form = NoteForm(_sent(request), patient=patient, session=request.GET.get("session", ""))
    if form.is_valid() and _written(request, patient, form):
        messages.success(request, gettext("The note was signed and kept."))
        return redirect("patient-notes", patient.id)
    page = note_page(request.user, patient, request.GET.get("page", ""))
    _log_page(request, patient, list(page))
    may_write = is_of_care_team(request.user, patient)
    context = {"patient": patient, "page": page, "notes": shown(page), "form": form if may_write else None}
    context |= {"emergency": emergency_of(request.user, patient), "most": notes.MAX_CHARACTERS}
    return render(request, "dashboard/notes.html", context, status=422 if form.is_bound else 200)


@open_to(GET=Action.READ_NOTES, POST=Action.WRITE_NOTE)
def note(request: ClinicRequest, note_id: UUID) -> HttpResponse:
    """One note with its addenda; a POST signs an addendum."""
    found = note_with_addenda(request.user, Note.objects.filter(id=note_id))
    if found is None:
        raise refusal(request.user, "note", note_id)
    found.patient.clinic = request.user.clinic
    if request.method == "POST":
        require_own_care(request.user, found.patient, Action.WRITE_NOTE)
    form = AddendumForm(_sent(request))
    if form.is_valid() and _added(request, found, form):
        messages.success(request, gettext("The addendum was signed and kept."))
        return redirect("note", found.id)
    notes.log_note(request.user, "read", found)
    may_write = is_of_care_team(request.user, found.patient)
    context = {"patient": found.patient, "shown": shown([found])[0], "form": form if may_write else None}
    context |= {"emergency": emergency_of(request.user, found.patient)}
    return render(request, "dashboard/note.html", context, status=422 if form.is_bound else 200)


def _sent(request: ClinicRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _written(request: ClinicRequest, patient: Patient, form: NoteForm) -> bool:
    given = form.cleaned_data
    return kept(
        form,
        lambda: notes.note_write(
            user=request.user,
            patient=patient,
            kind=NoteKind(given["kind"]),
            text=given["text"],
            session=given["session"],
        ),
    )


def _added(request: ClinicRequest, found: Note, form: AddendumForm) -> bool:
    return kept(form, lambda: notes.note_add(user=request.user, note=found, text=form.cleaned_data["text"]))


def _log_page(request: ClinicRequest, patient: Patient, page: list[Note]) -> None:
    """Record that the notes of a patient were looked at, and of which kinds some were shown."""
    for kind in NoteKind:
        if kind == NoteKind.PROGRESS or any(one.kind == kind for one in page):
            access_log.record(
                actor=request.user, action="read", object_kind=notes.LOGGED_AS[kind], patient_id=patient.id
            )
