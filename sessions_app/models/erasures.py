"""What is kept of a patient who was erased: that it was done, by whom, and how much there was."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext

from accounts.models import Clinic, User
from accounts.policy import Action, may


class ErasureReportQuerySet(models.QuerySet["ErasureReport"]):
    """Reports, by who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> ErasureReportQuerySet:
        """Those of the user's own doing; for the administrator all of the clinic."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        found = self.filter(clinic=user.clinic_id)
        return found if may(user, Action.MANAGE_CLINIC) else found.filter(erased_by=user)


class ErasureReport(models.Model):
    """``patient_id`` is the id by which the access log still knows the patient; it says nothing else of them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient_id = models.UUIDField()
    erased_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    erased_at = models.DateTimeField(db_default=Now(), editable=False)
    counts = models.JSONField(help_text="How many rows and files of each kind were deleted.")

    objects = ErasureReportQuerySet.as_manager()

    class Meta:
        ordering = ["-erased_at"]

    def __str__(self) -> str:
        return f"erasure report {self.id}"

    @property
    def lines(self) -> list[tuple[str, int]]:
        """Kinds, in the language of who reads, and how many of each, the most first."""
        counts = [(gettext(kind), count) for kind, count in self.counts.items()]
        return sorted(counts, key=lambda kind: (-kind[1], kind[0]))
