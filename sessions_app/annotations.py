"""What happened to a patient on a day: noted, put right and taken away by the care team; its text is encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.functional import lazy
from django.utils.translation import gettext, gettext_lazy

from accounts import access_log
from accounts.models import User
from accounts.policy import Action
from inference.errors import FileDamaged
from sessions_app import encryption, keys
from sessions_app.care import require_own_care
from sessions_app.errors import KeyMissing
from sessions_app.models import Annotation, AnnotationKind, Patient

KIND = "annotation"
"""What the access log calls one, and a patient's list of them."""

MAX_CHARACTERS = 200
EMPTY = gettext_lazy("Please say in a few words what happened.")


def _too_long() -> str:
    words = gettext("Please say it in %(characters)s characters or fewer; a note has room for more.")
    return words % {"characters": MAX_CHARACTERS}


TOO_LONG = lazy(_too_long, str)()


@dataclass(frozen=True, slots=True)
class Mark:
    """An annotation with its text, which is ``None`` where it cannot be opened."""

    annotation: Annotation
    text: str | None

    @property
    def at(self) -> datetime:
        """Noon of its day where the clinic is, so that it lies beside what else was on that day."""
        zone = ZoneInfo(self.annotation.patient.clinic.time_zone)
        return datetime.combine(self.annotation.day, time(12), tzinfo=zone)

    @property
    def kind(self) -> str:
        """What happened, in a word."""
        return str(AnnotationKind(self.annotation.kind).label)

    @property
    def words(self) -> str:
        """Its text, or that it cannot be opened."""
        return gettext("This text cannot be opened.") if self.text is None else self.text


def marks_of(patient: Patient, user: User) -> list[Mark]:
    """The annotations of ``patient`` that ``user`` may read, oldest first."""
    found = list(Annotation.objects.visible_to(user).filter(patient=patient).select_related("key", "author"))
    for annotation in found:
        annotation.patient = patient
    return [mark_of(annotation) for annotation in found]


def mark_of(annotation: Annotation) -> Mark:
    """One annotation with its text."""
    try:
        return Mark(annotation, text_of(annotation))
    except (FileDamaged, KeyMissing):
        return Mark(annotation, None)


@dataclass(frozen=True, slots=True)
class Said:
    """What is noted: it happened on ``day``, and in a few words what."""

    day: date
    kind: AnnotationKind
    text: str


def annotation_add(*, user: User, patient: Patient, said: Said) -> Annotation:
    """Note what happened to ``patient``.

    Raises ``ValidationError``: a day to come, nothing written, or too much; ``FileDamaged`` and ``KeyMissing``.
    """
    return _keep(user, Annotation(patient=patient, author=user, edition=0), said, "create")


def annotation_correct(*, user: User, annotation: Annotation, said: Said) -> Annotation:
    """Put it right; that it was changed, and by whom, stays among the changes. Raises as `annotation_add`.

    One whose text cannot be opened gets the new text. ``Http404`` where somebody has taken it away meanwhile.
    """
    return _keep(user, annotation, said, "update")


def annotation_remove(*, user: User, annotation: Annotation) -> None:
    """Take it away; that it was there stays among the changes."""
    require_own_care(user, annotation.patient, Action.ANNOTATE)
    with transaction.atomic():
        _log(user, annotation, "delete")
        annotation.delete()


def text_of(annotation: Annotation) -> str:
    """What was written. Raises ``FileDamaged`` where the row is not as it was kept, and ``KeyMissing``."""
    key = keys.unwrapped(annotation.key)
    return encryption.unsealed(key, bytes(annotation.sealed), _as_kept(annotation)).decode()


def annotation_reencrypt(annotation: Annotation) -> bool:
    """Encrypt the text with the clinic's newest key. False where it is already, or the annotation was changed.

    Raises ``FileDamaged`` and ``KeyMissing``.
    """
    before = annotation.key_id
    if keys.newest(annotation.patient.clinic_id).id == before:
        return False
    _seal(annotation, text_of(annotation))
    same = Annotation.objects.filter(id=annotation.id, key=before, edition=annotation.edition, day=annotation.day)
    return bool(same.filter(kind=annotation.kind).update(key=annotation.key, sealed=annotation.sealed))


def _keep(user: User, annotation: Annotation, said: Said, action: str) -> Annotation:
    require_own_care(user, annotation.patient, Action.ANNOTATE)
    text = " ".join(said.text.split())
    if not text or len(text) > MAX_CHARACTERS:
        raise ValidationError({"text": TOO_LONG if text else EMPTY})
    before = mark_of(annotation).text if action == "update" else None
    with transaction.atomic():
        # As an erasure does: of a patient who is gone nothing is kept.
        get_object_or_404(Patient.objects.select_for_update(no_key=True), id=annotation.patient_id)
        if action == "update":
            # What a colleague has just taken away is not put back by correcting it.
            get_object_or_404(Annotation, id=annotation.id)
        annotation.edition += text != before
        annotation.day, annotation.kind = said.day, said.kind
        _seal(annotation, text)
        annotation.full_clean()
        annotation.save()
        _log(user, annotation, action)
    return annotation


def _seal(annotation: Annotation, text: str) -> None:
    annotation.key = keys.newest(annotation.patient.clinic_id)
    annotation.sealed = encryption.sealed(keys.unwrapped(annotation.key), text.encode(), _as_kept(annotation))


def _as_kept(annotation: Annotation) -> str:
    """All that it says but its text: a row in which any of it was changed, or another's text put, opens nothing."""
    about = (annotation.patient.clinic_id, annotation.patient_id, annotation.day.isoformat(), annotation.kind)
    return " ".join(map(str, ("annotation", annotation.id, *about, annotation.edition)))


def _log(user: User, annotation: Annotation, action: str) -> None:
    access_log.record(
        actor=user, action=action, object_kind=KIND, object_id=annotation.id, patient_id=annotation.patient_id
    )
