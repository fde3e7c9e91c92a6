"""Saying what one thinks of an analysis, changing it, and counting what was said of each checkpoint."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext, gettext_lazy

from accounts import access_log
from accounts.languages import whole_number
from accounts.models import Clinic, User
from accounts.policy import Action
from inference.errors import FileDamaged
from inference.models import Analysis
from sessions_app import encryption, keys
from sessions_app.care import require_own_care
from sessions_app.errors import KeyMissing
from sessions_app.models import Patient, Reason, Recording, Review, Verdict
from sessions_app.recordings import locked
from sessions_app.scores import ScoreGate, refusal_by_policy
from sessions_app.signals import record_changed

KIND = "review"
"""What the access log calls one."""

MAX_CHARACTERS = 2000


def _too_long() -> str:
    words = gettext("This is longer than %(characters)s characters. Please write the rest as a note about the session.")
    return words % {"characters": whole_number(MAX_CHARACTERS)}


TOO_LONG = lazy(_too_long, str)()


def analyses_shown(user: User, patient: Patient) -> set[uuid.UUID]:
    """The analyses of ``patient`` whose scores ``user`` is shown: what was said of the others is not told either."""
    gate = ScoreGate.for_patient(user, patient.clinic, list(patient.consents.all()))
    recordings = Recording.objects.visible_to(user).filter(session__patient=patient).select_related("session")
    shown = [one.id for one in recordings if gate.why_hidden(one.session) is None]
    return set(Analysis.objects.filter(subject__in=shown).values_list("id", flat=True))


TELL_WHICH = gettext_lazy("Please write the reason here.")

FEWEST = 5
"""With fewer reviews nothing is told apart: in a small clinic one verdict may say who gave it, and about whom."""


def review_set(
    *, user: User, recording: Recording, seen: uuid.UUID, verdict: Verdict, reason: Reason, note: str
) -> bool:
    """Keep what ``user``, of the care team, says of the analysis ``seen`` in ``recording``, in place of what was said.

    False when the recording shows another one by now. Raises ``ValidationError`` (no reason, note too long),
    `ConsentMissing`, and what the clinic's policy refuses: what is not shown cannot be reviewed.
    """
    require_own_care(user, recording.session.patient, Action.REVIEW_ANALYSIS)
    with locked(user, recording, KIND) as current:
        if (refusal := refusal_by_policy(current.session.patient.clinic)) is not None:
            raise refusal
        if current.analysis_id != seen:
            return False
        before = Review.objects.filter(analysis=seen).first()
        review = before or Review(analysis_id=seen)
        review.patient, review.reviewed_by, review.reviewed_at = current.session.patient, user, timezone.now()
        review.verdict, review.reason = verdict, reason
        _write(review, note)
        _log(user, review, "update" if before else "create")
        review.save()
        record_changed.send(sender=Review, patient_id=review.patient_id)
    return True


def _write(review: Review, written: str) -> None:
    note = written.replace("\r\n", "\n").strip()
    if len(note) > MAX_CHARACTERS:
        raise ValidationError({"note": TOO_LONG})
    review.clean()
    if review.reason == Reason.OTHER and not note:
        raise ValidationError({"note": TELL_WHICH})
    review.key, review.sealed = None, None
    if note:
        _seal(review, note)


def note_of(review: Review) -> str:
    """The note, or nothing where there is none. Raises ``FileDamaged`` and ``KeyMissing``. Quick with ``key`` and
    ``patient`` fetched.
    """
    if review.key is None or review.sealed is None:
        return ""
    return encryption.unsealed(keys.unwrapped(review.key), bytes(review.sealed), _as_written(review)).decode()


def readable_note(review: Review) -> str | None:
    """As `note_of`, or ``None`` where it cannot be opened."""
    try:
        return note_of(review)
    except (FileDamaged, KeyMissing):
        return None


def review_reencrypt(review: Review) -> bool:
    """Encrypt the note with the clinic's newest key. False where it is already, or the row has changed meanwhile.

    Raises ``FileDamaged`` and ``KeyMissing``.
    """
    before = review.key_id
    if before is None or keys.newest(review.patient.clinic_id).id == before:
        return False
    _seal(review, note_of(review))
    same = Review.objects.filter(id=review.id, key=before, reviewed_at=review.reviewed_at)
    return bool(same.update(key=review.key, sealed=review.sealed))


def _seal(review: Review, note: str) -> None:
    review.key = keys.newest(review.patient.clinic_id)
    review.sealed = encryption.sealed(keys.unwrapped(review.key), note.encode(), _as_written(review))


def _as_written(review: Review) -> str:
    """All that a review says but its note: where any of it was changed, or another's note put, nothing opens."""
    about = (review.patient.clinic_id, review.patient_id, review.analysis_id)
    said = (review.verdict, review.reason, review.reviewed_by_id, review.reviewed_at.astimezone(UTC).isoformat())
    return " ".join(map(str, (KIND, review.id, *about, *said)))


def _log(user: User, review: Review, action: str) -> None:
    access_log.record(actor=user, action=action, object_kind=KIND, object_id=review.id, patient_id=review.patient_id)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each verdict was given on analyses of one checkpoint; ``None`` where there are too few to tell."""

    checkpoint: str
    version: str
    agree: int | None
    disagree: int | None
    set_aside: int | None


def tallies(clinic: Clinic) -> Iterator[Tally]:
    """One for each checkpoint that was reviewed in ``clinic``. Nothing in it says of whom or by whom."""
    of_checkpoint = ("analysis__checkpoint_name", "analysis__checkpoint_version")
    counts = {str(verdict): Count("id", filter=Q(verdict=verdict)) for verdict in Verdict}
    found = Review.objects.filter(patient__clinic=clinic).values(*of_checkpoint).annotate(**counts)
    for row in found.order_by(*of_checkpoint):
        name, version = (row[part] for part in of_checkpoint)
        told = [row[verdict] for verdict in counts]
        yield Tally(name, version, *(told if sum(told) >= FEWEST else [None] * len(told)))
