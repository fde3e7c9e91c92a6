"""The one scoped door: every read of patient data starts with ``Model.objects.visible_to(user)``."""

from __future__ import annotations

from typing import Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Model, Q

from accounts.models import Role, User
from accounts.policy import Action, may

M = TypeVar("M", bound=Model)


class ScopedQuerySet(models.QuerySet[M]):
    """Rows of one patient each. ``patient_path`` is the look-up that leads from a row to its patient."""

    patient_path = ""
    action = Action.LIST_PATIENTS

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The rows that ``user`` may see: own clinic, for a counselor own care team, nothing without permission."""
        if not isinstance(user, User) or not may(user, self.action):
            return self.none()
        prefix = f"{self.patient_path}__" if self.patient_path else ""
        scope = Q(**{f"{prefix}clinic": user.clinic_id})
        if user.role == Role.COUNSELOR:
            scope &= Q(**{f"{prefix}care_team": user.id})
        return self.filter(scope)
