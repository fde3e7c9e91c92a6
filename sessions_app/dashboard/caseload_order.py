"""What a list of patients is filtered and sorted by, and how it goes on after a patient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import OrderBy
from django.utils import timezone

from accounts.models import User
from sessions_app.models import Consent, Flag, FlagKind, Order, Patient, SavedView
from sessions_app.models.flags import need_column_for
from sessions_app.models.patients import PatientQuerySet

BY_NAME = ("family_name", "given_name", "id")
NEVER = "never"
"""Place of a patient without a session, where sessions are sorted by."""


@dataclass(frozen=True, slots=True)
class View:
    """Which patients, in which order. ``reason``: only those with an open flag of this kind."""

    text: str = ""
    order: Order = Order.NEED
    reason: FlagKind | None = None
    without_consent: bool = False

    @property
    def is_narrowed(self) -> bool:
        """Whether some patients may be left out."""
        return bool(self.text.strip()) or self.reason is not None or self.without_consent


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: after this patient, who stood there with the rank or the time ``at`` (empty: that of now).

    A flag may be answered and a session added while somebody reads; the list goes on from where the patient stood.
    """

    after: UUID
    at: str = ""


def saved_view(user: User) -> View:
    """How ``user`` wants to see the list."""
    saved = SavedView.objects.filter(user=user).first()
    if saved is None:
        return View()
    reason = FlagKind(saved.reason) if saved.reason is not None else None
    return View(order=Order(saved.order), reason=reason, without_consent=saved.without_consent)


def view_save(user: User, view: View) -> None:
    """Let it be so the next time too; never for whom was searched."""
    said = {"order": view.order, "reason": view.reason, "without_consent": view.without_consent}
    SavedView.objects.update_or_create(user=user, defaults=said)


def found_by(user: User, view: View) -> PatientQuerySet:
    """The patients that ``user`` sees and ``view`` asks for, in its order."""
    found = Patient.objects.listed_for(user).search(view.text)
    if view.reason is not None:
        flags = Flag.objects.visible_to(user).open().filter(kind=view.reason)
        found = found.filter(id__in=flags.values("patient_id"))
    if view.without_consent:
        given = Consent.objects.in_force(timezone.localdate()).filter(patient=OuterRef("id"))
        found = found.filter(~Exists(given))
    return found.order_by(*_columns(user, view))


def following(user: User, view: View, place: Place) -> PatientQuerySet:
    """Those that come after ``place``; all of them where it is no place of this list."""
    found = found_by(user, view)
    anchor = Patient.objects.visible_to(user).filter(id=place.after).first()
    if anchor is None:
        return found
    after_name = _after_name(anchor)
    if view.order == Order.NAME:
        return found.filter(after_name, family_name__gte=anchor.family_name)
    if view.order == Order.NEED:
        column = need_column_for(user)
        rank = _rank(place, getattr(anchor, column))
        return found.filter(Q(**{f"{column}__gt": rank}) | after_name, **{f"{column}__gte": rank})
    held = _time(place, anchor.last_session_at)
    if held is None:
        return found.filter(after_name, last_session_at__isnull=True)
    earlier = Q(last_session_at__lt=held) | Q(last_session_at__isnull=True)
    return found.filter(earlier | Q(last_session_at=held) & after_name)


def place_of(user: User, view: View, patient: Patient) -> Place:
    """The place after ``patient``."""
    if view.order == Order.NEED:
        return Place(patient.id, str(getattr(patient, need_column_for(user))))
    if view.order == Order.NAME:
        return Place(patient.id)
    return Place(patient.id, patient.last_session_at.isoformat() if patient.last_session_at else NEVER)


def without_reasons_unseen(view: View, shown: frozenset[FlagKind]) -> View:
    """``view`` without a reason that its reader is not shown, for instance since the policy has changed."""
    return view if view.reason is None or view.reason in shown else replace(view, reason=None)


def _columns(user: User, view: View) -> tuple[str | OrderBy, ...]:
    if view.order == Order.NAME:
        return BY_NAME
    first = need_column_for(user) if view.order == Order.NEED else F("last_session_at").desc(nulls_last=True)
    return (first, *BY_NAME)


def _after_name(anchor: Patient) -> Q:
    same_family = Q(family_name=anchor.family_name)
    same_name = same_family & Q(given_name=anchor.given_name)
    later_given_name = same_family & Q(given_name__gt=anchor.given_name)
    return Q(family_name__gt=anchor.family_name) | later_given_name | same_name & Q(id__gt=anchor.id)


def _rank(place: Place, now: int) -> int:
    return int(place.at) if place.at.isascii() and place.at.isdecimal() and len(place.at) < 4 else now


def _time(place: Place, now: datetime | None) -> datetime | None:
    if place.at == NEVER:
        return None
    try:
        held = datetime.fromisoformat(place.at)
    except ValueError:
        return now
    return held if held.tzinfo else now
