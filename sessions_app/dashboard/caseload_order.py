"""What a list of patients is filtered and sorted by, and how it goes on after a patient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.core import signing
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import OrderBy
from django.utils import timezone

from accounts.models import User
from sessions_app.models import Consent, Flag, FlagKind, Order, Patient, SavedView
from sessions_app.models.flags import NO_NEED, need_column_for, shows_self_harm_first
from sessions_app.models.patients import NOBODY_ASKS_FIRST, PatientQuerySet

BY_NAME = ("family_name", "given_name", "id")
SALT = "place in a list of patients"
SAFETY = "safety_rank"
MANY = 100
"""Of more than that nobody needs the number."""


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
    """Where a page ends: what its last patient was sorted by as the page was made.

    Meanwhile a flag may be answered, a session added and the patient erased; the list goes on from where they stood.
    """

    family_name: str
    given_name: str
    id: UUID
    rank: int
    last_session_at: datetime | None

    @property
    def token(self) -> str:
        """All of it as a text that the page hands to the next one, signed."""
        held = self.last_session_at and self.last_session_at.isoformat()
        return signing.dumps([self.family_name, self.given_name, str(self.id), self.rank, held], salt=SALT)


def place_from(token: str) -> Place:
    """What `Place.token` wrote. Raises ``BadSignature``."""
    family_name, given_name, patient_id, rank, held = signing.loads(token, salt=SALT)
    return Place(family_name, given_name, UUID(patient_id), rank, datetime.fromisoformat(held) if held else None)


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
    found = Patient.objects.listed_for(user).search(view.text).filter(_asked_for(view))
    return found.order_by(*_columns(user, view))


def _asked_for(view: View) -> Q:
    """Which patients the filters of ``view`` keep."""
    kept = Q()
    if view.reason is not None:
        kept &= Q(Exists(Flag.objects.open().filter(kind=view.reason, patient=OuterRef("id"))))
    if view.without_consent:
        kept &= ~Q(Exists(Consent.objects.in_force(timezone.localdate()).filter(patient=OuterRef("id"))))
    return kept


def self_harm_left_out(user: User, view: View) -> int:
    """How many patients with an open flag about self-harm the filters of ``view`` leave out, up to `MANY` and one.

    A search is for somebody in particular and kept by nobody: whom it leaves out is not counted.
    """
    if not shows_self_harm_first(user) or not (view.reason or view.without_consent):
        return 0
    asked = Patient.objects.listed_for(user).filter(safety_rank__lt=NOBODY_ASKS_FIRST)
    return asked.filter(~_asked_for(view))[: MANY + 1].count()


def following(user: User, view: View, place: Place) -> PatientQuerySet:
    """Those that come after ``place``."""
    found, later, column = found_by(user, view), _later(view.order, place), _rank_column(user, view.order)
    if column is None:
        return found.filter(later)
    if place.rank >= (NOBODY_ASKS_FIRST if column == SAFETY else NO_NEED):
        # Nobody has a later rank: an index goes on at the name, in place of reading all before it.
        return found.filter(later, **{column: place.rank})
    return found.filter(Q(**{f"{column}__gt": place.rank}) | later, **{f"{column}__gte": place.rank})


def place_of(user: User, view: View, patient: Patient) -> Place:
    """The place after ``patient``."""
    column = _rank_column(user, view.order)
    rank = 0 if column is None else getattr(patient, column)
    return Place(patient.family_name, patient.given_name, patient.id, rank, patient.last_session_at)


def without_reasons_unseen(view: View, shown: frozenset[FlagKind]) -> View:
    """``view`` without a reason that its reader is not shown, for instance since the policy has changed."""
    return view if view.reason is None or view.reason in shown else replace(view, reason=None)


def _columns(user: User, view: View) -> tuple[str | OrderBy, ...]:
    column = _rank_column(user, view.order)
    first = () if column is None else (column,)
    newest = (F("last_session_at").desc(nulls_last=True),) if view.order == Order.LAST_SESSION else ()
    return (*first, *newest, *BY_NAME)


def _rank_column(user: User, order: Order) -> str | None:
    """What ``user``'s lists are sorted by before all else: an answer about self-harm is on top in every order."""
    if order == Order.NEED:
        return need_column_for(user)
    return SAFETY if shows_self_harm_first(user) else None


def _later(order: Order, place: Place) -> Q:
    """Which patients of the same rank come after ``place``."""
    same_family = Q(family_name=place.family_name)
    same_name = same_family & Q(given_name=place.given_name)
    later_given_name = same_family & Q(given_name__gt=place.given_name)
    by_name = Q(family_name__gt=place.family_name) | later_given_name | same_name & Q(id__gt=place.id)
    by_name &= Q(family_name__gte=place.family_name)
    held = place.last_session_at
    if order != Order.LAST_SESSION:
        return by_name
    if held is None:
        return by_name & Q(last_session_at__isnull=True)
    return Q(last_session_at__lt=held) | Q(last_session_at__isnull=True) | Q(last_session_at=held) & by_name
