"""Self-report questionnaires beside which the voice is read."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext, gettext_lazy

from accounts.changes import OF_PATIENT, keeps_changes
from accounts.policy import Action
from sessions_app.instruments import CHOICES, DEFINITIONS, Definition, total_of
from sessions_app.models.patients import Patient
from sessions_app.models.scope import ScopedQuerySet
from sessions_app.models.sessions import refuse_impossible_time


class Instrument(models.TextChoices):
    """The kinds of `sessions_app.instruments.DEFINITIONS`."""

    PHQ9 = "phq9", gettext_lazy("PHQ-9")
    GAD7 = "gad7", gettext_lazy("GAD-7")


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
    """One questionnaire as it was filled in: each item 0 (not at all) to 3 (nearly every day), or null if left out.

    One with too few answers for a total is kept as well: it may hold the answer about self-harm.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="questionnaires")
    instrument = models.CharField(max_length=8, choices=Instrument)
    answered_at = models.DateTimeField(validators=[refuse_impossible_time])
    items = ArrayField(models.PositiveSmallIntegerField(null=True, blank=True))

    objects = QuestionnaireQuerySet.as_manager()

    class Meta:
        ordering = ["answered_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "instrument", "answered_at"],
                name="one_questionnaire_at_a_time",
                violation_error_message=gettext_lazy(
                    "A questionnaire of this kind and of this minute is there already."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.id}"

    def clean(self) -> None:
        """Refuse a wrong number of items, an answer outside 0..3, and a sheet on which nothing is answered."""
        wrong = any(item is not None and not 0 <= item < len(CHOICES) for item in self.items)
        if wrong or len(self.items) != len(self.definition.items):
            raise ValidationError({"items": gettext("Each item is answered with 0, 1, 2 or 3, or not at all.")})
        if self.missing == len(self.items):
            raise ValidationError({"items": gettext("Nothing is answered yet.")})

    @property
    def definition(self) -> Definition:
        """Its items, bands and rules."""
        return DEFINITIONS[self.instrument]

    @property
    def total(self) -> int | None:
        """The sum of all items, by the rule for missing ones; ``None`` if too many are."""
        return total_of(self.items)

    @property
    def severity(self) -> str:
        """What the total is called, or an empty string."""
        return "" if self.total is None else self.definition.severity(self.total)

    @property
    def missing(self) -> int:
        """How many items are not answered."""
        return self.items.count(None)

    @property
    def safety_answer(self) -> int | None:
        """The answer to the item about self-harm, if there is one and it is answered. It is never guessed."""
        number = self.definition.safety_item
        return None if number is None else self.items[number - 1]
