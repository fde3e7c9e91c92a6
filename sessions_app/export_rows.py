"""Everything that is stored about one patient as tables of plain rows, as one user may see it.

Rows come from the columns of the models, so that a new column is in the export without being named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import AccessLogEntry, User
from inference.models import Analysis, AnalysisJob, Timeline
from inference.errors import FileDamaged
from inference.results import HEADS
from sessions_app.master_keys import KeyMissing
from sessions_app.models import Confirmation, Note, NoteKind, Patient, Recording, Session
from sessions_app.notes import text_of
from sessions_app.scores import ScoreGate

Row = dict[str, Any]
Tables = dict[str, list[Row]]

WITHOUT = frozenset({"clinic_id", "tenant", "file", "lease_token", "lease_until", "key_id", "sealed"})
"""What says nothing of the patient: where things are kept, and who holds them."""

ACCESS = ("at", "actor_id", "role", "action", "purpose", "object_kind", "object_id", "allowed")
"""Not the address: from where a colleague looked is for the administrator."""

SCORED = tuple(f"{head}{part}" for head in HEADS for part in ("", "_low", "_high", "_state", "_reason"))
NOT_FLAT = ("quality", "biomarkers", "timings")


def tables_of(patient: Patient, user: User) -> Tables:
    """Each kind of row, by name. Scores and what was heard in the voice are asked for as on the pages."""
    sessions = {session.id: session for session in Session.objects.filter(patient=patient)}
    recordings = list(Recording.objects.filter(session__patient=patient).order_by("uploaded_at"))
    ids = [recording.id for recording in recordings]
    return {
        "patient": _rows(Patient.objects.filter(id=patient.id)),
        "care_team": list(patient.care_team.values("id", "display_name")),
        "consents": _rows(patient.consents.order_by("given_on")),
        "sessions": _rows(Session.objects.filter(patient=patient).order_by("held_at")),
        "questionnaires": _rows(patient.questionnaires.all()),
        "notes": notes_of(patient, user, NoteKind.PROGRESS),
        "recordings": _rows(Recording.objects.filter(id__in=ids).order_by("uploaded_at")),
        "jobs": _rows(AnalysisJob.objects.filter(subject__in=ids).order_by("created_at")),
        "confirmations": _rows(Confirmation.objects.filter(analysis__subject__in=ids)),
        **_analysed(patient, user, {one.id: sessions[one.session_id] for one in recordings}),
        "accesses": _accesses(patient),
    }


def notes_of(patient: Patient, user: User, kind: NoteKind) -> list[Row]:
    """Notes of one kind that ``user`` may read, oldest first; ``text`` is ``None`` where a note cannot be opened."""
    found = Note.objects.visible_to(user).filter(patient=patient, kind=kind).order_by("written_at", "id")
    texts = {note.id: (note.author.display_name, _text(note)) for note in found.select_related("author", "key", "patient")}
    return [row | dict(zip(("author", "text"), texts[row["id"]], strict=True)) for row in _rows(found)]


def _text(note: Note) -> str | None:
    try:
        return text_of(note)
    except (FileDamaged, KeyMissing):
        return None


def _rows(found: QuerySet[Any]) -> list[Row]:
    return [{key: value for key, value in row.items() if key not in WITHOUT} for row in found.values()]


def _analysed(patient: Patient, user: User, sessions: dict[UUID, Session]) -> Tables:
    """What was found in the recordings, whose sessions are given by the recording's id; earlier analyses too."""
    gate = ScoreGate.for_patient(user, patient.clinic, list(patient.consents.all()))
    tables: Tables = {name: [] for name in ("analyses", "measures", "quality", "windows", "turns")}
    found = Analysis.objects.filter(subject__in=sessions).select_related("timeline").order_by("created_at")
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
    row |= {
        "speech_seconds": heard.speech_seconds if heard else None,
        "excluded_seconds": heard.excluded_seconds if heard else None,
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


def _accesses(patient: Patient) -> list[Row]:
    """Who looked at the patient, oldest first: the accounting of disclosures is in it."""
    found = AccessLogEntry.objects.filter(clinic_id=patient.clinic_id, patient_id=patient.id).order_by("id")
    rows = list(found.values(*ACCESS))
    people = User.objects.filter(clinic=patient.clinic_id, id__in={row["actor_id"] for row in rows if row["actor_id"]})
    names = {person.id: person.display_name for person in people}
    return [{**row, "actor": names.get(row["actor_id"], "")} for row in rows]


def columns_of(rows: Iterable[Row]) -> Iterator[str]:
    """The names of the columns, in the order of the first row."""
    yield from next(iter(rows), {})
