"""Everything that is stored about one patient as tables of plain rows, as one user may see it.

Rows come from the columns of the models, so that a new column is in the export without being named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import AccessLogEntry, EmergencyAccess, User
from inference.errors import FileDamaged
from inference.models import Analysis, AnalysisJob, JobMove, Timeline
from inference.results import HEADS
from sessions_app.annotations import marks_of
from sessions_app.changes import changes_of_patient
from sessions_app.errors import KeyMissing
from sessions_app.job_facts import facts_of, why_failed
from sessions_app.models import (
    Annotation,
    Confirmation,
    Flag,
    FlagKind,
    Note,
    NoteKind,
    Patient,
    Recording,
    Review,
    Session,
)
from sessions_app.notes import LOGGED_AS, text_of
from sessions_app.reviews import readable_note
from sessions_app.scores import ScoreGate

Row = dict[str, Any]
Tables = dict[str, list[Row]]

WITHOUT = frozenset(
    {"clinic_id", "tenant", "file", "lease_token", "lease_until", "key_id", "sealed"}
    | {"need", "need_unheard", "need_at_desk", "safety_rank", "rank", "last_session_at", "look_again_at"}
)
"""What says nothing of the patient: where things are kept, who holds them, and what lists are sorted by."""

ACCESS = ("at", "actor_id", "role", "action", "purpose", "object_kind", "object_id", "allowed")
"""Not the address: from where a colleague looked is for the administrator."""

SCORED = tuple(f"{head}{part}" for head in HEADS for part in ("", "_low", "_high", "_state", "_reason"))
NOT_FLAT = ("quality", "biomarkers", "timings")


def tables_of(patient: Patient, user: User) -> Tables:
    """Each kind of row, by name. Scores and what was heard in the voice are asked for as on the pages."""
    sessions = {session.id: session for session in Session.objects.filter(patient=patient)}
    recordings = list(Recording.objects.filter(session__patient=patient).order_by("uploaded_at"))
    ids = [recording.id for recording in recordings]
    gate = ScoreGate.for_patient(user, patient.clinic, list(patient.consents.all()))
    by_recording = {one.id: sessions[one.session_id] for one in recordings}
    return {
        "patient": _rows(Patient.objects.filter(id=patient.id)),
        "care_team": list(patient.care_team.values("id", "display_name")),
        "consents": _rows(patient.consents.order_by("given_on")),
        "sessions": _rows(Session.objects.filter(patient=patient).order_by("held_at")),
        "questionnaires": _rows(patient.questionnaires.all()),
        "annotations": _annotations(patient, user),
        "notes": notes_of(patient, user, NoteKind.PROGRESS),
        "flags": _flags(patient, user),
        "recordings": _rows(Recording.objects.filter(id__in=ids).order_by("uploaded_at")),
        **_jobs(by_recording, gate),
        "confirmations": _confirmations(by_recording, gate),
        "reviews": _reviews(by_recording, gate),
        **_analysed(by_recording, gate),
        "emergency_accesses": _rows(EmergencyAccess.objects.filter(patient_id=patient.id).order_by("began_at")),
        "changes": list(_changes(patient, _shown_analyses(by_recording, gate))),
        "accesses": _accesses(patient, user),
    }


def notes_of(patient: Patient, user: User, kind: NoteKind) -> list[Row]:
    """Notes of one kind that ``user`` may read, oldest first; ``text`` is ``None`` where a note cannot be opened."""
    found = Note.objects.visible_to(user).filter(patient=patient, kind=kind).order_by("written_at", "id")
    whole = found.select_related("author", "key", "patient")
    texts = {note.id: (note.author.display_name, _text(note)) for note in whole}
    return [row | dict(zip(("author", "text"), texts[row["id"]], strict=True)) for row in _rows(found)]


def _text(note: Note) -> str | None:
    try:
        return text_of(note)
    except (FileDamaged, KeyMissing):
        return None


def _flags(patient: Patient, user: User) -> list[Row]:
    """Why the patient is to be looked at now, of the kinds that ``user`` is shown."""
    found = Flag.objects.visible_to(user).filter(patient=patient).order_by("kind")
    return [row | {"kind": FlagKind(row["kind"]).name.lower()} for row in _rows(found)]


def _annotations(patient: Patient, user: User) -> list[Row]:
    """What happened on which day; ``text`` is ``None`` where it cannot be opened."""
    texts = {mark.annotation.id: mark.text for mark in marks_of(patient, user)}
    found = Annotation.objects.visible_to(user).filter(patient=patient)
    return [row | {"text": texts.get(row["id"])} for row in _rows(found)]


def _rows(found: QuerySet[Any]) -> list[Row]:
    return [{key: value for key, value in row.items() if key not in WITHOUT} for row in found.values()]


def _jobs(sessions: dict[UUID, Session], gate: ScoreGate) -> Tables:
    """The jobs of the recordings, whose sessions are given by the recording's id, and each step that they took."""
    tables: Tables = {"jobs": [], "job_moves": []}
    for job in AnalysisJob.objects.filter(subject__in=sessions).order_by("created_at"):
        has_consent = gate.has_consent(sessions[cast(UUID, job.subject)])
        row = next(iter(_rows(AnalysisJob.objects.filter(id=job.id)))) | asdict(facts_of(job, has_consent=has_consent))
        tables["jobs"].append(row | {"options": _told(job.options, has_consent=has_consent)})
        for move in _rows(JobMove.objects.filter(pgh_obj=job.id).order_by("pgh_id")):
            told = why_failed(move["error_code"], move["error_message"], has_consent=has_consent)
            tables["job_moves"].append(move | dict(zip(("error_code", "error_message"), told, strict=True)))
    return tables


def _told(options: dict[str, Any], *, has_consent: bool) -> dict[str, Any]:
    """Which of two heard voices is the patient's was said of what was heard; a channel is a fact of the recording."""
    return {name: value for name, value in options.items() if has_consent or name == "patient_channel"}


def _confirmations(sessions: dict[UUID, Session], gate: ScoreGate) -> list[Row]:
    heard = [recording for recording, session in sessions.items() if gate.shows_voice(session)]
    return _rows(Confirmation.objects.filter(analysis__subject__in=heard))


def _reviews(sessions: dict[UUID, Session], gate: ScoreGate) -> list[Row]:
    """What counselors said of scores that may be shown; ``note`` is ``None`` where it cannot be opened.

    Verdict and note say how high or low a score is, so they are there where the score is.
    """
    heard = [recording for recording, session in sessions.items() if gate.why_hidden(session) is None]
    found = Review.objects.filter(analysis__subject__in=heard).order_by("reviewed_at", "id")
    whole = {one.id: one for one in found.select_related("reviewed_by", "key", "patient")}
    notes = {one.id: {"reviewer": one.reviewed_by.display_name, "note": readable_note(one)} for one in whole.values()}
    return [row | notes[row["id"]] for row in _rows(found)]


def _analysed(sessions: dict[UUID, Session], gate: ScoreGate) -> Tables:
    """What was found in the recordings, whose sessions are given by the recording's id; earlier analyses too."""
    tables: Tables = {name: [] for name in ("analyses", "measures", "quality", "windows", "turns", "waveform")}
    found = Analysis.objects.filter(subject__in=sessions).select_related("timeline", "review").order_by("created_at")
    for analysis in found:
        session = sessions[cast(UUID, analysis.subject)]
        of_it = {"analysis_id": analysis.id}
        tables["analyses"].append(_analysis(analysis, session, gate))
        for code, measure in gate.biomarkers(session, analysis).items():
            tables["measures"].append({**of_it, "code": code, **asdict(measure)})
        heard = gate.heard(session, analysis)
        tables["quality"] += [{**of_it, **asdict(check)} for check in (heard.quality.checks if heard else ())]
        _add_over_time(tables, of_it, session, analysis.timeline, gate)
    return tables


def _analysis(analysis: Analysis, session: Session, gate: ScoreGate) -> Row:
    row = next(iter(_rows(Analysis.objects.filter(id=analysis.id))))
    heard = gate.heard(session, analysis)
    is_scored = gate.why_hidden(session) is None
    row |= {
        "speech_seconds": heard.speech_seconds if heard else None,
        "excluded_seconds": heard.excluded_seconds if heard else None,
        "speaker_method": analysis.speaker_method if heard else None,
        "reviewed": analysis.review.verdict if is_scored and hasattr(analysis, "review") else None,
    }
    for column in (*SCORED, *NOT_FLAT):
        row.pop(column)
    for head, score in gate.scores(session, analysis).items():
        row[head] = score.value
        row |= {f"{head}_{part}": getattr(score, part) for part in ("low", "high", "state", "reason")}
    return row


def _add_over_time(tables: Tables, of_it: Row, session: Session, timeline: Timeline, gate: ScoreGate) -> None:
    over_time = gate.timeline(session, timeline)
    columns = asdict(over_time.windows)
    tables["windows"] += [
        {**of_it, **dict(zip(columns, moment, strict=True))} for moment in zip(*columns.values(), strict=True)
    ]
    tables["turns"] += [{**of_it, **asdict(turn)} for turn in over_time.turns]
    tables["waveform"] += [{**of_it, "number": number, "peak": peak} for number, peak in enumerate(over_time.peaks)]


def _shown_analyses(sessions: dict[UUID, Session], gate: ScoreGate) -> set[UUID]:
    shown = [recording for recording, session in sessions.items() if gate.why_hidden(session) is None]
    return set(Analysis.objects.filter(subject__in=shown).values_list("id", flat=True))


def _changes(patient: Patient, shown: set[UUID]) -> Iterator[Row]:
    """What was changed in the record, field by field, oldest first; of reviews only those of ``shown`` analyses."""
    every = changes_of_patient(patient)[::-1]
    found = [one for one in every if one.kind != "review" or one.state["analysis_id"] in shown]
    names = _names(patient, {change.actor_id for change in found})
    for change in found:
        said = {"at": change.at, "actor_id": change.actor_id, "actor": names.get(change.actor_id, "")}
        said |= {"action": change.did, "object_kind": change.kind, "object_id": change.state["pgh_obj_id"]}
        yield from ({**said, **asdict(edit)} for edit in change.edits)


def _accesses(patient: Patient, user: User) -> list[Row]:
    """Who looked at the patient, oldest first: the accounting of disclosures is in it.

    Of a colleague's notes it does not say which, so that nobody learns whether there are any kept apart.
    """
    found = AccessLogEntry.objects.filter(clinic_id=patient.clinic_id, patient_id=patient.id).order_by("id")
    rows = list(found.values(*ACCESS))
    names = _names(patient, {row["actor_id"] for row in rows})
    return [{**row, "actor": names.get(row["actor_id"], ""), **_of_note(row, user)} for row in rows]


def _of_note(row: Row, user: User) -> Row:
    kinds = LOGGED_AS.values()
    if row["object_kind"] not in kinds or row["actor_id"] == user.id:
        return {}
    return {"object_kind": LOGGED_AS[NoteKind.PROGRESS], "object_id": None}


def _names(patient: Patient, ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    people = User.objects.filter(clinic=patient.clinic_id, id__in=[one for one in ids if one])
    return {person.id: person.display_name for person in people}


def columns_of(rows: Iterable[Row]) -> Iterator[str]:
    """The names of the columns, in the order of the first row."""
    yield from next(iter(rows), {})
