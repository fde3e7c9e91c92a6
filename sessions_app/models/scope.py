"""The one scoped door: every read of patient data starts with ``Model.objects.visible_to(user)``."""

from __future__ import annotations

from typing import Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, Model, OuterRef, Q

from accounts.models import EmergencyAccess, Role, User
from accounts.policy import Action, may

M = TypeVar("M", bound=Model)


class ScopedQuerySet(models.QuerySet[M]):
    """Rows of one patient each. ``patient_path`` is the look-up that leads from a row to its patient."""

    patient_path = ""
    action = Action.LIST_PATIENTS

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The rows that ``user`` may see: own clinic, for a counselor own care team, nothing without permission.

        A counselor sees one more patient for as long as an emergency access to that one lasts.
        """
        if not isinstance(user, User) or not may(user, self.action):
            return self.none()
        prefix = f"{self.patient_path}__" if self.patient_path else ""
        scope = Q(**{f"{prefix}clinic": user.clinic_id})
        if user.role == Role.COUNSELOR:
            scope &= self._in_hands_of(user)
        return self.filter(scope)

    def _in_hands_of(self, user: User) -> Q:
        """Patients of the care team of ``user``, or open to them in an emergency."""
        opened = EmergencyAccess.objects.patients_of(user).filter(patient_id=OuterRef(self._patient_id))
        return Q(self._cared_for_by(user)) | Q(Exists(opened))

    def _cared_for_by(self, user: User) -> Exists:
        """Whether ``user`` is of the care team.

        Asked for each row: a list of all patients of ``user`` would be read whole, and under row-level security all
        patients of the clinic with it, to find the one that a page is about.
        """
        places = user.patients.through.objects.filter(user_id=user.id)
        return Exists(places.filter(patient_id=OuterRef(self._patient_id)))

    @property
    def _patient_id(self) -> str:
        return f"{self.patient_path}_id" if self.patient_path else "id"
