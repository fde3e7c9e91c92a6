"""The list of patients, one page at a time, in a number of queries that does not depend on how many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.db.models import Count, F, Max, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounts.models import User
from accounts.policy import Action, may
from inference.results import HeadName, Score
from sessions_app.checkpoint_labels import CheckpointLabel, labels_of
from sessions_app.dashboard.progress import Progress, progress_of
from sessions_app.dashboard.sparkline import Sparkline, sparkline
from sessions_app.dashboard.wording import ConsentWords, consent_words
from sessions_app.models import Consent, Instrument, Patient, QuestionnaireResponse, Recording, Session
from sessions_app.models.patients import PatientQuerySet
from sessions_app.scores import ScoreGate, why_none_at_all

PAGE_SIZE = 25
SPARKLINE_SESSIONS = 12


@dataclass(frozen=True, slots=True)
class CaseloadRow:
    """One patient as one user may see them. Staff get no scores: ``latest`` and ``line`` are then empty."""

    patient: Patient
    consent: ConsentWords
    session_count: int
    last_session: datetime | None
    upload: Progress | None
    latest: dict[HeadName, Score]
    line: Sparkline | None
    phq9: QuestionnaireResponse | None


@dataclass(frozen=True, slots=True)
class CaseloadPage:
    """Some rows, the patient after whom the next page begins (``None`` on the last), and the checkpoints in sight."""

    rows: tuple[CaseloadRow, ...]
    next_after: UUID | None
    checkpoints: list[CheckpointLabel]

    @property
    def any_open(self) -> bool:
        """Whether an analysis is still to come for somebody on this page."""
        return any(row.upload is not None and row.upload.is_open for row in self.rows)


class _Count(TypedDict):
    sessions: int
    last: datetime


def caseload_page(user: User, *, text: str = "", after: UUID | None = None) -> CaseloadPage:
    """The patients that ``user`` may see and ``text`` finds, by name, from the one that follows ``after``."""
    visible = Patient.objects.visible_to(user)
    found = visible.search(text)
    anchor = visible.filter(id=after).first() if after else None
    if anchor:
        found = _following(found, anchor)
    patients = list(found[: PAGE_SIZE + 1])
    shown = patients[:PAGE_SIZE]
    recordings = _recordings(user, shown)
    return CaseloadPage(
        rows=tuple(_rows(user, shown, recordings)),
        next_after=shown[-1].id if len(patients) > PAGE_SIZE else None,
        checkpoints=labels_of(_checkpoint_names(user, recordings)),
    )


def _following(patients: PatientQuerySet, anchor: Patient) -> PatientQuerySet:
    same_family = Q(family_name=anchor.family_name)
    same_name = same_family & Q(given_name=anchor.given_name)
    return patients.filter(
        Q(family_name__gt=anchor.family_name)
        | same_family & Q(given_name__gt=anchor.given_name)
        | same_name & Q(id__gt=anchor.id)
    )


def _rows(user: User, patients: list[Patient], recordings: dict[UUID, list[Recording]]) -> Iterable[CaseloadRow]:
    today, counts = timezone.localdate(), _counts(user, patients)
    consents, phq9 = _consents(user, patients), _phq9(user, patients)
    for patient in patients:
        count = counts.get(patient.id)
        gate = ScoreGate.for_patient(user, user.clinic, consents[patient.id])
        newest_first = recordings[patient.id]
        latest, line = _course(gate, newest_first) if may(user, Action.SEE_SCORES) else ({}, None)
        yield CaseloadRow(
            patient=patient,
            consent=consent_words(consents[patient.id], today),
            session_count=count["sessions"] if count else 0,
            last_session=count["last"] if count else None,
            upload=progress_of(newest_first[0].job) if newest_first else None,
            latest=latest,
            line=line,
            phq9=phq9.get(patient.id),
        )


def _course(gate: ScoreGate, newest_first: list[Recording]) -> tuple[dict[HeadName, Score], Sparkline | None]:
    oldest_first = list(reversed(newest_first))
    scores = [gate.scores(one.session, one.analysis) if one.analysis else {} for one in oldest_first]
    values = [given["depression"].value if given else None for given in scores]
    line = sparkline(values, [_origin(recording) for recording in oldest_first])
    return next((given for given in reversed(scores) if given), {}), line


def _origin(recording: Recording) -> str:
    analysis = recording.analysis
    return f"{analysis.checkpoint_name} {analysis.checkpoint_version}" if analysis else ""


def _counts(user: User, patients: list[Patient]) -> dict[UUID, _Count]:
    grouped = Session.objects.visible_to(user).filter(patient__in=patients).order_by().values("patient_id")
    rows: Iterable[Any] = grouped.annotate(sessions=Count("id"), last=Max("held_at"))
    return {row["patient_id"]: row for row in rows}


def _consents(user: User, patients: list[Patient]) -> dict[UUID, list[Consent]]:
    grouped: dict[UUID, list[Consent]] = defaultdict(list)
    for consent in Consent.objects.visible_to(user).filter(patient__in=patients):
        grouped[consent.patient_id].append(consent)
    return grouped


def _phq9(user: User, patients: list[Patient]) -> dict[UUID, QuestionnaireResponse]:
    answered = QuestionnaireResponse.objects.visible_to(user).filter(patient__in=patients, instrument=Instrument.PHQ9)
    newest = answered.order_by("patient_id", "-answered_at").distinct("patient_id")
    return {response.patient_id: response for response in newest}


def _recordings(user: User, patients: list[Patient]) -> dict[UUID, list[Recording]]:
    """The newest recordings of each patient, newest first, without what only the session page shows."""
    newest_first = [F("session__held_at").desc(), F("uploaded_at").desc()]
    rank = Window(RowNumber(), partition_by=F("session__patient_id"), order_by=newest_first)
    ranked = Recording.objects.visible_to(user).filter(session__patient__in=patients).annotate(rank=rank)
    lean = ranked.select_related("session", "job", "analysis").defer(
        "analysis__quality", "analysis__biomarkers", "analysis__timings"
    )
    grouped: dict[UUID, list[Recording]] = defaultdict(list)
    for recording in lean.filter(rank__lte=SPARKLINE_SESSIONS).order_by("rank"):
        grouped[recording.session.patient_id].append(recording)
    return grouped


def _checkpoint_names(user: User, recordings: dict[UUID, list[Recording]]) -> set[str]:
    if why_none_at_all(user, user.clinic):
        return set()
    return {one.analysis.checkpoint_name for many in recordings.values() for one in many if one.analysis}
