"""What happened to a patient on a day, beside which the course is read: a new medication, something in their life."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from accounts.changes import OF_PATIENT, keeps_changes
from accounts.models import User
from accounts.policy import Action
from sessions_app.models.keys import ClinicKey
from sessions_app.models.patients import Patient
from sessions_app.models.scope import ScopedQuerySet


class AnnotationKind(models.TextChoices):
    """What happened. The words of the person who noted it say more."""

    MEDICATION = "medication", gettext_lazy("Medication")
    LIFE_EVENT = "life_event", gettext_lazy("Life event")
    OTHER = "other", pgettext_lazy("event", "Other")


class AnnotationQuerySet(ScopedQuerySet["Annotation"]):
    """Annotations, by who may read them."""

    patient_path = "patient"
    action = Action.SEE_ANNOTATIONS


@keeps_changes(
    "AnnotationChange",
    *("patient", "day", "kind", "edition"),
    whose=OF_PATIENT,
    also={"clinic_id": models.UUIDField()},
)
class Annotation(models.Model):
    """A mark in the course. ``day``: where the clinic is; ``edition``: rises each time the text is put right.

    The text is encrypted for this row, as a note's is: `sessions_app.annotations` writes and opens it. So no earlier
    wording is among the changes, only that there was one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="annotations")
    day = models.DateField()
    kind = models.CharField(max_length=16, choices=AnnotationKind)
    edition = models.PositiveSmallIntegerField(default=1)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    key = models.ForeignKey(ClinicKey, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField(help_text="The text, encrypted with the key of the clinic.")

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["day", "id"]
        indexes = [models.Index(fields=["patient", "day"], name="annotation_by_patient")]

    def __str__(self) -> str:
        return f"annotation {self.id}"

    def clean(self) -> None:
        """Refuse a day to come, and one before anybody was born who could be a patient."""
        if self.day > timezone.localdate():
            raise ValidationError({"day": gettext("This day is still to come.")})
        if self.day.year < 1900:
            raise ValidationError({"day": gettext("Please look at the year again.")})
