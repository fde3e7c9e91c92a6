"""Clinics, the people who work in them, and the record of what they looked at."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models

NO_PLACE = {"Factory", "localtime"}
"""Entries of the time zone database that mean no place, and that no browser knows."""


class AffectPolicy(models.TextChoices):
    """Whether a clinic lets software score affect. Some jurisdictions forbid it (Illinois 225 ILCS 155/20)."""

    ON = "on", "On: scores are made and shown"
    RESEARCH = "research", "Research only: scores are made but not shown"
    OFF = "off", "Off: recordings and acoustic measures only"


class Clinic(models.Model):
    """One practice. Nothing crosses from one clinic to another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    affect_policy = models.CharField(max_length=16, choices=AffectPolicy, default=AffectPolicy.ON)
    is_synthetic = models.BooleanField(default=False, help_text="A demonstration clinic: nobody in it exists.")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a time zone that nobody knows: every time on every page is shown in it."""
        if self.time_zone not in available_timezones() - NO_PLACE:
            unknown = f"There is no time zone called '{self.time_zone}'. Please give one such as Europe/Berlin."
            raise ValidationError({"time_zone": unknown})


class Role(models.TextChoices):
    """What a person (or program) does in a clinic. `accounts.policy` says what each may do."""

    COUNSELOR = "counselor", "Counselor"
    STAFF = "staff", "Staff"
    ADMIN = "admin", "Clinic administrator"
    INTEGRATION = "integration", "Integration client"


class UserManager(BaseUserManager["User"]):
    """Makes users who sign in with an e-mail address."""

    def create_user(self, *, email: str, password: str | None, **fields: Any) -> User:
        """Make and save a user; ``password=None`` makes one that cannot sign in with a password."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.full_clean()
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """The user with this e-mail address, whatever its letter case."""
        return self.get(email__iexact=username)

    def counselors_of(self, clinic: Clinic) -> models.QuerySet[User]:
        """The counselors who work in ``clinic`` now: those who can join a care team."""
        return self.filter(clinic=clinic, role=Role.COUNSELOR, is_active=True)


class User(AbstractBaseUser):
    """A person or program of one clinic, with one role."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="users")
    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=120)
    role = models.CharField(max_length=16, choices=Role)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["display_name"]

    objects = UserManager()

    class Meta:
        ordering = ["display_name"]

    def __str__(self) -> str:
        return self.display_name

    def unique_error_message(self, model_class: type[models.Model], unique_check: Sequence[str]) -> ValidationError:
        """Say in plain words that an e-mail address is taken."""
        if tuple(unique_check) == ("email",):
            return ValidationError("Somebody has an account with this e-mail address already.", code="unique")
        return super().unique_error_message(model_class, unique_check)


class AccessLogEntry(models.Model):
    """One read, write, export or refusal of patient data. Rows are only ever added."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True)
    clinic_id = models.UUIDField(db_index=True)
    actor_id = models.UUIDField(null=True)
    role = models.CharField(max_length=16)
    action = models.CharField(max_length=32)
    object_kind = models.CharField(max_length=32)
    object_id = models.UUIDField(null=True)
    patient_id = models.UUIDField(null=True)
    allowed = models.BooleanField()
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["patient_id", "-id"], name="access_log_by_patient")]

    def __str__(self) -> str:
        return f"{self.action} {self.object_kind}"
