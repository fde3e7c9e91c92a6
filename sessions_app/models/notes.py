"""What counselors write of a patient: progress notes for the care team, psychotherapy notes for their author alone."""

from __future__ import annotations

import uuid
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from accounts.policy import Action
from sessions_app.models.keys import ClinicKey
from sessions_app.models.patients import Patient
from sessions_app.models.scope import ScopedQuerySet
from sessions_app.models.sessions import Session


class NoteKind(models.TextChoices):
    """Psychotherapy notes are those of 45 CFR 164.501: kept apart from the record, for whoever wrote them."""

    PROGRESS = "progress", gettext_lazy("Progress note")
    PSYCHOTHERAPY = "psychotherapy", gettext_lazy("Psychotherapy note")


class NoteQuerySet(ScopedQuerySet["Note"]):
    """Notes, by who may read them."""

    patient_path = "patient"
    action = Action.READ_NOTES

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """As for everything of a patient; psychotherapy notes only for their author, while of the care team.

        Emergency access opens progress notes alone.
        """
        if not isinstance(user, User):
            return self.none()
        own = Q(self._cared_for_by(user), author=user)
        return super().visible_to(user).filter(Q(kind=NoteKind.PROGRESS) | own)

    def originals(self) -> Self:
        """Those that are no addendum."""
        return self.filter(addendum_to__isnull=True)


class Note(models.Model):
    """What somebody wrote and signed at a moment. It is never changed: what is to be added is a note of its own.

    The text is encrypted for this row as it was signed. `sessions_app.notes` writes and opens it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="notes")
    session = models.ForeignKey(Session, on_delete=models.RESTRICT, null=True, blank=True, related_name="notes")
    kind = models.CharField(max_length=16, choices=NoteKind)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    addendum_to = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="addenda")
    written_at = models.DateTimeField()
    key = models.ForeignKey(ClinicKey, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField(help_text="The text, encrypted with the key of the clinic.")

    objects = NoteQuerySet.as_manager()

    class Meta:
        ordering = ["-written_at", "-id"]
        # What an addendum is to, by a foreign key over both columns, is a note about the same patient.
        constraints = [models.UniqueConstraint(fields=["id", "patient"], name="note_and_patient")]
        indexes = [models.Index(fields=["patient", "-written_at"], name="note_by_patient")]

    def __str__(self) -> str:
        return f"note {self.id}"

    def clean(self) -> None:
        """Refuse a note about a session of somebody else."""
        if self.session is not None and self.session.patient_id != self.patient_id:
            raise ValidationError({"session": gettext("This session is not the patient’s.")})
