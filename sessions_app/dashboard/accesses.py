"""Rows of the access log as people read them: who by name, on which patient by number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import AccessLogEntry, Purpose, Role, User
from sessions_app.dashboard.access_words import did_words, kind_words
from sessions_app.models import NoteKind, Patient
from sessions_app.notes import LOGGED_AS

PAGE_SIZE = 50
LATELY = timedelta(days=90)
KIND = "access_log"
"""What the log calls itself, where somebody looked at it."""

SOMEBODY = gettext_lazy("somebody unknown")
ITSELF = gettext_lazy("Undertone itself")


@dataclass(frozen=True, slots=True)
class Access:
    """One row. ``patient``: the clinic's number of the patient, or the beginning of an id that has none any more."""

    entry: AccessLogEntry
    who: str
    role: str
    did: str
    on: str
    patient: str
    purpose: str

    @property
    def at(self) -> datetime:
        """When."""
        return self.entry.at


@dataclass(frozen=True, slots=True)
class AccessPage:
    """Some rows, and the number of the row after which the next page begins (``None`` on the last)."""

    rows: tuple[Access, ...]
    next_after: int | None


def access_page(user: User, found: QuerySet[AccessLogEntry], *, after: int | None) -> AccessPage:
    """The rows of ``found`` that follow row ``after``, newest first, in a number of queries that never changes."""
    entries = following(found, after, PAGE_SIZE + 1)
    shown = entries[:PAGE_SIZE]
    return AccessPage(tuple(accesses(user, shown)), shown[-1].id if len(entries) > PAGE_SIZE else None)


def following(found: QuerySet[AccessLogEntry], after: int | None, size: int) -> list[AccessLogEntry]:
    """The first ``size`` rows that come after row ``after``."""
    rows = found if after is None else found.filter(id__lt=after)
    return list(rows.order_by("-id")[:size])


def accesses(user: User, entries: list[AccessLogEntry]) -> Iterable[Access]:
    """``entries`` with the names and numbers that ``user`` may read."""
    names = names_of(user.clinic_id, {entry.actor_id for entry in entries})
    wanted = {entry.patient_id for entry in entries if entry.patient_id}
    numbers: dict[UUID, str] = dict(
        Patient.objects.numbered_for(user).filter(id__in=wanted).values_list("id", "reference")
    )
    for entry in entries:
        yield Access(
            entry=entry,
            who=str(ITSELF if entry.actor_id is None and entry.allowed else names.get(entry.actor_id, SOMEBODY)),
            role=str(Role(entry.role).label) if entry.role else "",
            did=did_words(entry.action),
            on=kind_words(_kind(entry, user)),
            patient=numbers.get(entry.patient_id, str(entry.patient_id)[:8]) if entry.patient_id else "",
            purpose=str(Purpose(entry.purpose).label),
        )


def _kind(entry: AccessLogEntry, user: User) -> str:
    """A colleague is not told that a note is one that is kept apart: for them there is none such."""
    apart = entry.object_kind == LOGGED_AS[NoteKind.PSYCHOTHERAPY]
    if apart and user.role == Role.COUNSELOR and entry.actor_id != user.id:
        return LOGGED_AS[NoteKind.PROGRESS]
    return entry.object_kind


@dataclass(frozen=True, slots=True)
class Reader:
    """How often somebody opened or changed something of a patient, or was refused, and when last."""

    who: str
    role: str
    times: int
    refused: int
    latest: datetime


def accesses_to(patient: Patient) -> QuerySet[AccessLogEntry]:
    """The rows about ``patient``. What somebody of another clinic tried is written in that clinic's log alone."""
    return AccessLogEntry.objects.filter(clinic_id=patient.clinic_id, patient_id=patient.id)


def latest_readers(patient: Patient) -> tuple[Reader, ...]:
    """Everybody of the last `LATELY`, the latest first. Looking at who looked is not looking at the patient."""
    rows = accesses_to(patient).filter(at__gte=timezone.now() - LATELY).exclude(object_kind=KIND).order_by()
    counted = rows.values("actor_id", "role").annotate(
        times=Count("id", filter=Q(allowed=True)), refused=Count("id", filter=Q(allowed=False)), latest=Max("at")
    )
    found = list(counted.order_by("-latest"))
    names = names_of(patient.clinic_id, {row["actor_id"] for row in found})
    return tuple(
        Reader(
            who=str(names.get(row["actor_id"], SOMEBODY) if row["actor_id"] else ITSELF),
            role=str(Role(row["role"]).label) if row["role"] else "",
            times=row["times"],
            refused=row["refused"],
            latest=row["latest"],
        )
        for row in found
    )


def names_of(clinic_id: UUID, ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    """The names of those of ``ids`` who are people of the clinic."""
    people = User.objects.filter(clinic=clinic_id, id__in=[number for number in ids if number])
    return {person.id: person.display_name for person in people}
