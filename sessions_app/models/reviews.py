"""What a counselor says to an analysis: that they agree with it, do not, or set it aside."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.changes import OF_PATIENT, keeps_changes
from accounts.models import User
from accounts.policy import Action
from inference.models import Analysis
from sessions_app.models.keys import ClinicKey
from sessions_app.models.patients import Patient
from sessions_app.models.scope import ScopedQuerySet

WITHOUT_REASON = gettext_lazy("Please say why.")


class Verdict(models.TextChoices):
    """What is set aside stays visible, marked, and counts for no baseline."""

    AGREE = "agree", pgettext_lazy("verdict", "Agree")
    DISAGREE = "disagree", pgettext_lazy("verdict", "Disagree")
    SET_ASIDE = "set_aside", pgettext_lazy("verdict", "Set aside")


class Reason(models.TextChoices):
    """Why somebody disagrees, or sets an analysis aside."""

    NONE = "", gettext_lazy("No reason given")
    NOT_AS_MET = "not_as_met", gettext_lazy("It does not fit how the patient was in the session")
    OTHER_VOICE = "other_voice", gettext_lazy("Another person’s voice was measured")
    POOR_SOUND = "poor_sound", gettext_lazy("The sound is too poor")
    UNUSUAL_VOICE = (
        "unusual_voice",
        gettext_lazy("The voice was unusual for another cause, such as a cold or tiredness"),
    )
    NOT_A_TALK = "not_a_talk", gettext_lazy("It was no ordinary talk, for instance reading aloud or an exercise")
    OTHER = "other", gettext_lazy("Another reason, which the note tells")


class ReviewQuerySet(ScopedQuerySet["Review"]):
    """Reviews, by who may see them: whoever may see what they are about."""

    patient_path = "patient"
    action = Action.SEE_SCORES


@keeps_changes(
    "ReviewChange",
    *("patient", "analysis", "verdict", "reason", "reviewed_by", "reviewed_at"),
    whose=OF_PATIENT,
    also={"clinic_id": models.UUIDField()},
)
class Review(models.Model):
    """The one review of an analysis; it can be changed, and what it was stays among the changes.

    The note is encrypted for this row as it was written: `sessions_app.reviews` writes and opens it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="reviews")
    analysis = models.OneToOneField(Analysis, on_delete=models.CASCADE, related_name="review")
    verdict = models.CharField(max_length=16, choices=Verdict)
    reason = models.CharField(max_length=16, choices=Reason, default=Reason.NONE, blank=True)
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField()
    key = models.ForeignKey(ClinicKey, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sealed = models.BinaryField(
        null=True, blank=True, help_text="The note, encrypted with the key of the clinic; null where there is none."
    )

    objects = ReviewQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "verdict"], name="review_by_patient")]
        constraints = [
            models.CheckConstraint(
                name="review_note_with_its_key",
                condition=models.Q(key__isnull=True, sealed__isnull=True)
                | models.Q(key__isnull=False, sealed__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"review {self.id}"

    def clean(self) -> None:
        """Refuse a disagreement, or setting aside, without a reason."""
        if self.verdict != Verdict.AGREE and not self.reason:
            raise ValidationError({"reason": WITHOUT_REASON})
