"""Patients and who cares for them."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Least, Now, Upper
from django.utils.translation import gettext

from accounts.changes import OF_PATIENT, keeps_changes
from accounts.models import Clinic, EmergencyAccess, Role, User
from accounts.policy import Action, may
from sessions_app.models.scope import ScopedQuerySet

if TYPE_CHECKING:
    from sessions_app.models.consent import Consent, Scope


class PatientQuerySet(ScopedQuerySet["Patient"]):
    """Patients, by who may see them and by name."""

    def listed_for(self, user: User) -> PatientQuerySet:
        """As `visible_to`, for a long list in an order that an index has, of which a page is read.

        The care team is joined, so that a page of ten thousand patients reads as many rows as one of ten. That cannot
        be while a patient is open to ``user`` in an emergency.
        """
        if user.role != Role.COUNSELOR or EmergencyAccess.objects.patients_of(user).exists():
            return self.visible_to(user)
        if not may(user, self.action):
            return self.none()
        return self.filter(clinic=user.clinic_id, care_team=user)

    def search(self, text: str) -> PatientQuerySet:
        """Patients whose name or reference contains every word of ``text``."""
        found = self
        for word in text.replace("\x00", "").split():
            found = found.filter(
                Q(given_name__icontains=word) | Q(family_name__icontains=word) | Q(reference__icontains=word)
            )
        return found

    def numbered_for(self, user: User) -> PatientQuerySet:
        """Whose numbers ``user`` may read in the access log: the whole clinic's, without being part of anybody's care.

        Only for ``id`` and ``reference``.
        """
        return self.filter(clinic=user.clinic_id) if may(user, Action.READ_ACCESS_LOG) else self.none()

    def assignable_by(self, user: User) -> PatientQuerySet:
        """Whose care team ``user`` may change: the whole clinic's, without being part of anybody's care.

        Only for ``id``, ``reference``, the names and the care team.
        """
        return self.filter(clinic=user.clinic_id) if may(user, Action.ASSIGN_CARE) else self.none()

    def without_counselor(self) -> PatientQuerySet:
        """Patients whom nobody sees who could care for them."""
        places = Patient.care_team.through.objects.filter(patient_id=OuterRef("id"))
        return self.exclude(Exists(places.filter(user__role=Role.COUNSELOR, user__is_active=True)))


_BY_NAME = ("family_name", "given_name", "id")

NOBODY_ASKS_FIRST = 12
"""`Patient.safety_rank` without an open flag about self-harm."""


# An erased patient leaves no change behind: their table of changes is emptied with them.
@keeps_changes(
    "PatientChange",
    *("clinic", "reference", "given_name", "family_name"),
    whose="NEW.patient_id = NEW.pgh_obj_id;",
    also={"patient_id": models.UUIDField(db_index=True)},
    removals=False,
)
class Patient(models.Model):
    """A person in counselling. The care team are the counselors who may see this patient's clinical data."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="patients")
    reference = models.CharField(max_length=32, help_text="The clinic's own number for this patient.")
    given_name = models.CharField(max_length=120)
    family_name = models.CharField(max_length=120)
    care_team = models.ManyToManyField(User, related_name="patients", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    # What lists are sorted by, and when time alone may change it: written by `sessions_app.flags`.
    need = models.PositiveSmallIntegerField(db_default=99, editable=False, help_text="Rank of the most urgent flag.")
    need_unheard = models.PositiveSmallIntegerField(
        db_default=99, editable=False, help_text="The same without flags that rest on a voice."
    )
    need_at_desk = models.PositiveSmallIntegerField(
        db_default=99, editable=False, help_text="The same for who sees nothing clinical."
    )
    safety_rank = models.GeneratedField(
        expression=Least(F("need_unheard"), NOBODY_ASKS_FIRST),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
        help_text="Rank of the open flag about self-harm; 12: none. On top of every clinical list, whatever its order.",
    )
    last_session_at = models.DateTimeField(null=True, editable=False)
    look_again_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["family_name", "given_name", "id"]
        constraints = [
            models.UniqueConstraint("clinic", Upper("reference"), name="one_patient_per_reference"),
        ]
        indexes = [
            models.Index(fields=["clinic", "family_name", "given_name", "id"], name="patient_by_name"),
            models.Index(fields=["clinic", "need", *_BY_NAME], name="patient_by_need"),
            models.Index(fields=["clinic", "need_unheard", *_BY_NAME], name="patient_by_need_unheard"),
            models.Index(fields=["clinic", "need_at_desk", *_BY_NAME], name="patient_by_need_at_desk"),
            models.Index(
                "clinic", F("last_session_at").desc(nulls_last=True), *_BY_NAME, name="patient_by_last_session"
            ),
            models.Index(fields=["clinic", "safety_rank", *_BY_NAME], name="patient_by_safety_and_name"),
            models.Index(
                *("clinic", "safety_rank", F("last_session_at").desc(nulls_last=True), *_BY_NAME),
                name="patient_by_safety_and_session",
            ),
            models.Index(fields=["look_again_at"], name="patient_to_look_at_again"),
        ]

    def __str__(self) -> str:
        return self.full_name

    def clean(self) -> None:
        """Refuse a reference that another patient of the clinic has, whatever its letter case."""
        others = Patient.objects.exclude(id=self.id).filter(clinic=self.clinic_id)
        if others.filter(reference__iexact=self.reference).exists():
            taken = gettext("Another patient of this clinic has this number.")
            raise ValidationError({"reference": ValidationError(taken, code="unique")})

    @property
    def full_name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}"

    def consent_on(self, day: date, *scopes: Scope) -> Consent | None:
        """The consent to voice analysis, and to all of ``scopes``, that is in force on ``day``, if there is one."""
        return self.consents.in_force(day, *scopes).first()


@keeps_changes("CareTeamChange", "patient", "user", whose=OF_PATIENT, also={"clinic_id": models.UUIDField()})
class CareTeamPlace(Patient.care_team.through):  # type: ignore[misc, name-defined]
    """The place of one counselor in one care team, as a model of which changes can be kept."""

    class Meta:
        proxy = True
