"""The list of patients, one page at a time, in a number of queries that does not depend on how many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounts.models import User
from accounts.policy import Action, may
from inference.results import HeadName, Score
from sessions_app.chart import stands_apart
from sessions_app.checkpoint_labels import CheckpointLabel, labels_of
from sessions_app.dashboard.caseload_order import Place, View, following, found_by, place_of
from sessions_app.dashboard.flag_words import FlagWords, flags_by_patient
from sessions_app.dashboard.news import fingerprint
from sessions_app.dashboard.progress import Progress, progress_of
from sessions_app.dashboard.questionnaire_panel import SafetyAnswer, safety_answer
from sessions_app.dashboard.sparkline import Sparkline, sparkline
from sessions_app.dashboard.wording import ASSUMED_SHORT, ConsentWords, consent_words
from sessions_app.instruments import SAFETY_ITEM
from sessions_app.models import Consent, Flag, FlagKind, Instrument, Patient, QuestionnaireResponse, Session
from sessions_app.scores import ScoreGate, why_none_at_all
from sessions_app.trends import TrendPoint, points_of, with_gaps

PAGE_SIZE = 25
SPARKLINE_SESSIONS = 12
# 300 recordings on a page: each column that is read of them for nothing is felt.
UNSEEN = (
    *("file", "original_name", "sha256", "size", "named_channel", "uploaded_by", "audio_removed_at"),
    *(f"job__{name}" for name in ("tenant", "subject", "purpose", "priority", "file", "checkpoint", "attempt")),
    *(f"job__{name}" for name in ("moved_by", "lease_token", "lease_until", "sent_at", "started_at", "finished_at")),
    *(f"analysis__{name}" for name in ("tenant", "subject", "created_at", "sha256", "duration")),
    *("analysis__biomarkers", "analysis__timings"),
    *("analysis__confirmation__confirmed_by", "analysis__confirmation__confirmed_at"),
    *(f"analysis__review__{name}" for name in ("reason", "reviewed_by", "reviewed_at", "key")),
)


@dataclass(frozen=True, slots=True)
class CaseloadRow:
    """One patient as one user may see them. Staff get no scores: ``latest`` and ``line`` are then empty.

    ``latest``: the newest scores that nobody has set aside. ``latest_of``: when their session was held, if that is not
    the last session. ``doubts``: why they are indeterminate. ``assumed``: a few words where nobody has confirmed whose
    voice ``latest`` is of. ``safety``: the newest answer about self-harm, unless it is "not at all".
    """

    patient: Patient
    consent: ConsentWords
    session_count: int
    last_session: datetime | None
    upload: Progress | None
    latest: dict[HeadName, Score]
    latest_of: datetime | None
    doubts: dict[HeadName, str]
    assumed: str
    line: Sparkline | None
    phq9: QuestionnaireResponse | None
    safety: SafetyAnswer | None
    flags: tuple[FlagWords, ...]
    checkpoints: frozenset[str]

    @property
    def reasons(self) -> list[FlagWords]:
        """Why this patient should be looked at, the most urgent first."""
        return [words for words in self.flags if words.flag.is_open]

    @property
    def unflagged_safety(self) -> SafetyAnswer | None:
        """The answer about self-harm where no flag says it already."""
        flagged = any(words.flag.kind == FlagKind.SELF_HARM for words in self.flags)
        return None if flagged else self.safety

    @property
    def put_away(self) -> list[FlagWords]:
        """What somebody has seen or put off."""
        return [words for words in self.flags if not words.flag.is_open]

    @property
    def appearance(self) -> tuple[object, ...]:
        """All that is seen of this row."""
        who = (self.patient.id, self.patient.full_name, self.patient.reference, self.consent)
        sessions = (self.session_count, self.last_session, self.upload and self.upload.words)
        answers = self.phq9 and (self.phq9.total, self.phq9.answered_at)
        shown = (self.latest, self.latest_of, self.doubts, self.assumed, self.line, answers)
        asked = (self.safety and (self.safety.response.id, self.safety.words), [one.appearance for one in self.flags])
        return (*who, *sessions, *shown, *asked)


@dataclass(frozen=True, slots=True)
class CaseloadPage:
    """Some rows, where the next page begins (``None`` on the last), and the checkpoints of this and earlier pages.

    ``no_scores``: why this user is shown none of anybody, or ``None``.
    """

    rows: tuple[CaseloadRow, ...]
    next_after: Place | None
    checkpoints: list[CheckpointLabel]
    no_scores: str | None

    @property
    def any_open(self) -> bool:
        """Whether an analysis is still to come for somebody on this page."""
        return any(row.upload is not None and row.upload.is_open for row in self.rows)

    @property
    def fingerprint(self) -> str:
        """Changes whenever the list would look different."""
        seen = (self.no_scores, self.checkpoints, self.next_after, [row.appearance for row in self.rows])
        return fingerprint(seen)


def caseload_page(
    user: User, view: View, place: Place | None = None, *, checkpoints: Iterable[str] = ()
) -> CaseloadPage:
    """The patients that ``user`` may see and ``view`` asks for, from the one that follows ``place``.

    ``checkpoints``: the names of those of earlier pages, which stay on the list.
    """
    found = following(user, view, place) if place else found_by(user, view)
    patients = list(found[: PAGE_SIZE + 1])
    shown = patients[:PAGE_SIZE]
    no_scores = why_none_at_all(user, user.clinic)
    rows = tuple(_rows(user, shown))
    names = set(checkpoints).union(*(row.checkpoints for row in rows))
    return CaseloadPage(
        rows=rows,
        next_after=place_of(user, view, shown[-1]) if len(patients) > PAGE_SIZE else None,
        checkpoints=[] if no_scores else labels_of(names),
        no_scores=no_scores,
    )


def _rows(user: User, patients: list[Patient]) -> Iterable[CaseloadRow]:
    today, (sessions, counts) = timezone.localdate(), _sessions(user, patients)
    consents, (phq9, asked) = _consents(user, patients), _phq9(user, patients)
    flags = flags_by_patient(_flags(user, patients))
    for patient in patients:
        gate = ScoreGate.for_patient(user, user.clinic, consents[patient.id])
        points = points_of(sessions[patient.id], gate)
        latest = _latest(points) if may(user, Action.SEE_SCORES) else None
        yield CaseloadRow(
            patient=patient,
            consent=consent_words(consents[patient.id], today),
            session_count=counts.get(patient.id, 0),
            last_session=sessions[patient.id][-1].held_at if sessions[patient.id] else None,
            upload=_upload(points, gate),
            latest=latest.scores if latest else {},
            latest_of=latest.session.held_at if latest and latest.session != points[-1].session else None,
            doubts=_doubts(latest, gate),
            assumed=str(ASSUMED_SHORT) if latest and latest.assumed else "",
            line=_line(points) if latest else None,
            phq9=phq9.get(patient.id),
            safety=safety_answer([asked[patient.id]] if patient.id in asked else []),
            flags=flags.get(patient.id, ()),
            checkpoints=_checkpoint_names(points),
        )


def _latest(points: tuple[TrendPoint, ...]) -> TrendPoint | None:
    return next((point for point in reversed(points) if point.scores and not point.set_aside), None)


def _doubts(latest: TrendPoint | None, gate: ScoreGate) -> dict[HeadName, str]:
    return gate.doubts(latest.session, latest.analysis) if latest and latest.analysis else {}


def _upload(points: tuple[TrendPoint, ...], gate: ScoreGate) -> Progress | None:
    newest_first = ((point.recording.job, point.session) for point in reversed(points) if point.recording)
    return next((progress_of(job, has_consent=gate.has_consent(session)) for job, session in newest_first), None)


def _line(points: tuple[TrendPoint, ...]) -> Sparkline | None:
    """Of depression; what was set aside stays a gap."""
    drawn = with_gaps(points)
    return sparkline(
        values=[None if point.set_aside else point.score("depression").value for point in drawn],
        origins=[point.origin_key for point in drawn],
        apart=[stands_apart(point) for point in drawn],
    )


def _consents(user: User, patients: list[Patient]) -> dict[UUID, list[Consent]]:
    grouped: dict[UUID, list[Consent]] = defaultdict(list)
    for consent in Consent.objects.visible_to(user).filter(patient__in=patients):
        grouped[consent.patient_id].append(consent)
    return grouped


_ByPatient = dict[UUID, QuestionnaireResponse]


def _phq9(user: User, patients: list[Patient]) -> tuple[_ByPatient, _ByPatient]:
    """The newest of each patient, and the newest on which the item about self-harm is answered."""
    answered = QuestionnaireResponse.objects.visible_to(user).filter(patient__in=patients, instrument=Instrument.PHQ9)
    says = Q(**{f"items__{SAFETY_ITEM - 1}__isnull": False})
    by_both = answered.annotate(says=says).order_by("patient_id", "says", "-answered_at").distinct("patient_id", "says")
    found = sorted(by_both, key=lambda one: one.answered_at)
    newest = {one.patient_id: one for one in found}
    return newest, {one.patient_id: one for one in found if one.safety_answer is not None}


def _sessions(user: User, patients: list[Patient]) -> tuple[dict[UUID, list[Session]], dict[UUID, int]]:
    """The last sessions of each patient, oldest first, and how many sessions there are.

    With their recordings, but without what only the patient's own page shows.
    """
    rank = Window(RowNumber(), partition_by=F("patient_id"), order_by=[F("held_at").desc(), F("id").desc()])
    of_patient = Window(Count("id"), partition_by=F("patient_id"))
    found = Session.objects.visible_to(user).filter(patient__in=patients).with_recordings(*UNSEEN)
    ranked = found.annotate(rank=rank, of_patient=of_patient).filter(rank__lte=SPARKLINE_SESSIONS).order_by("-rank")
    listed: Iterable[Any] = ranked
    grouped: dict[UUID, list[Session]] = defaultdict(list)
    counts: dict[UUID, int] = {}
    for session in listed:
        grouped[session.patient_id].append(session)
        counts[session.patient_id] = session.of_patient
    return grouped, counts


def _flags(user: User, patients: list[Patient]) -> Iterable[Flag]:
    found = Flag.objects.visible_to(user).filter(patient__in=patients)
    return found.select_related("session", "response", "answered_by").order_by("kind")


def _checkpoint_names(points: Iterable[TrendPoint]) -> frozenset[str]:
    """The checkpoints behind what is shown of one patient."""
    return frozenset(point.analysis.checkpoint_name for point in points if point.scores and point.analysis)
