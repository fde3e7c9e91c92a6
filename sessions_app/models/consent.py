"""A patient's consent to being recorded and analysed."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.db.models import Q

from accounts.models import User
from sessions_app.models.patients import Patient
from sessions_app.models.scope import ScopedQuerySet


class ConsentQuerySet(ScopedQuerySet["Consent"]):
    """Consents, by when they hold."""

    patient_path = "patient"

    def in_force(self, day: date) -> ConsentQuerySet:
        """Consents to voice analysis that cover ``day`` and have not been withdrawn at all.

        A withdrawal counts from the moment it is made for every session, past ones too: the patient has asked that
        scores no longer be shown.
        """
        return self.filter(
            Q(expires_on__isnull=True) | Q(expires_on__gte=day),
            voice_analysis=True,
            given_on__lte=day,
            withdrawn_at__isnull=True,
        )


class Consent(models.Model):
    """One signed consent: what it covers, who took it, and until when it holds."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="consents")
    text_version = models.CharField(max_length=32)
    recording = models.BooleanField(default=False)
    voice_analysis = models.BooleanField(default=False)
    given_on = models.DateField()
    expires_on = models.DateField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["-given_on"]

    def __str__(self) -> str:
        return f"consent {self.id}"

    def covers(self, day: date) -> bool:
        """Whether this consent allows voice analysis of a session held on ``day``: `in_force` for a row in hand."""
        unexpired = self.expires_on is None or self.expires_on >= day
        return self.voice_analysis and self.withdrawn_at is None and self.given_on <= day and unexpired
