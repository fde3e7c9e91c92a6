"""Self-report questionnaires beside which the voice is read."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from accounts.changes import OF_PATIENT, keeps_changes
from accounts.policy import Action
from sessions_app.models.patients import Patient
from sessions_app.models.scope import ScopedQuerySet


class Instrument(models.TextChoices):
    """PHQ-9 (Kroenke, Spitzer & Williams 2001, depression) and GAD-7 (Spitzer et al. 2006, anxiety)."""

    PHQ9 = "phq9", "PHQ-9"
    GAD7 = "gad7", "GAD-7"


ITEM_COUNT = {Instrument.PHQ9: 9, Instrument.GAD7: 7}


class QuestionnaireQuerySet(ScopedQuerySet["QuestionnaireResponse"]):
    """Questionnaires, by who may see them."""

    patient_path = "patient"
    action = Action.SEE_QUESTIONNAIRES


@keeps_changes(
    "QuestionnaireChange",
    *("patient", "instrument", "answered_at", "items"),
    whose=OF_PATIENT,
    also={"clinic_id": models.UUIDField()},
)
class QuestionnaireResponse(models.Model):
    """One filled-in questionnaire; each item is 0 (not at all) to 3 (nearly every day)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="questionnaires")
    instrument = models.CharField(max_length=8, choices=Instrument)
    answered_at = models.DateTimeField()
    items = ArrayField(models.PositiveSmallIntegerField())

    objects = QuestionnaireQuerySet.as_manager()

    class Meta:
        ordering = ["answered_at"]
        indexes = [models.Index(fields=["patient", "instrument", "answered_at"], name="questionnaire_by_patient")]

    def __str__(self) -> str:
        return f"{self.instrument} {self.id}"

    def clean(self) -> None:
        """Refuse a wrong number of items or an answer outside 0..3."""
        if len(self.items) != ITEM_COUNT[Instrument(self.instrument)] or any(not 0 <= item <= 3 for item in self.items):
            raise ValidationError({"items": "Every item must be answered with 0, 1, 2 or 3."})

    @property
    def total(self) -> int:
        """The sum of all items."""
        return sum(self.items)
