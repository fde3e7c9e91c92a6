"""Clinics, the people who work in them, and the record of what they looked at."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, gettext_lazy

from accounts.changes import keeps_changes

NO_PLACE = {"Factory", "localtime"}
"""Entries of the time zone database that mean no place, and that no browser knows."""

IDLE_MINUTES = range(5, 61)
OVERDUE_WEEKS = range(1, 26)
"""What a clinic may choose."""


class AffectPolicy(models.TextChoices):
    """Whether a clinic lets software score affect. Some jurisdictions forbid it (Illinois 225 ILCS 155/20)."""

    ON = "on", gettext_lazy("On: scores are made and shown")
    RESEARCH = (
        "research",
        gettext_lazy("Research only: scores are made where a patient has consented to research, and shown to nobody"),
    )
    OFF = "off", gettext_lazy("Off: recordings and acoustic measures only")


@keeps_changes(
    "ClinicChange",
    *("name", "time_zone", "affect_policy", "audio_days", "idle_minutes", "overdue_weeks"),
    whose="NEW.clinic_id = NEW.pgh_obj_id;",
    also={"clinic_id": models.UUIDField(db_index=True)},
)
class Clinic(models.Model):
    """One practice. Nothing crosses from one clinic to another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    affect_policy = models.CharField(max_length=16, choices=AffectPolicy, default=AffectPolicy.ON)
    audio_days = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="So many days after its analysis the audio of a recording is removed.",
    )
    is_synthetic = models.BooleanField(default=False, help_text="A demonstration clinic: nobody in it exists.")
    idle_minutes = models.PositiveSmallIntegerField(
        default=15,
        validators=[MinValueValidator(IDLE_MINUTES.start), MaxValueValidator(IDLE_MINUTES.stop - 1)],
        help_text="Who does nothing for so long is signed out.",
    )
    overdue_weeks = models.PositiveSmallIntegerField(
        default=6,
        validators=[MinValueValidator(OVERDUE_WEEKS.start), MaxValueValidator(OVERDUE_WEEKS.stop - 1)],
        help_text="A patient without a session for so many weeks is flagged.",
    )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a time zone that nobody knows: every time on every page is shown in it."""
        if self.time_zone not in available_timezones() - NO_PLACE:
            unknown = gettext("There is no time zone called '%(name)s'. Please give one such as Europe/Berlin.")
            raise ValidationError({"time_zone": unknown % {"name": self.time_zone}})


class Role(models.TextChoices):
    """What a person (or program) does in a clinic. `accounts.policy` says what each may do."""

    COUNSELOR = "counselor", gettext_lazy("Counselor")
    STAFF = "staff", gettext_lazy("Staff")
    ADMIN = "admin", gettext_lazy("Clinic administrator")
    INTEGRATION = "integration", gettext_lazy("Integration client")


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


# Neither the password nor what else proves who somebody is.
@keeps_changes("UserChange", "clinic", "email", "display_name", "role", "is_active", whose="", also={})
class User(AbstractBaseUser):
    """A person or program of one clinic, with one role."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="users")
    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=120)
    role = models.CharField(max_length=16, choices=Role)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    session_round = models.PositiveIntegerField(default=0, editable=False, help_text="Counts how often all were ended.")
    has_first_password = models.BooleanField(
        default=False,
        editable=False,
        help_text="Whoever made the account knows it; it opens the page for another alone.",
    )

    language = models.CharField(max_length=16, blank=True, help_text="As chosen; without, as the browser asks.")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["display_name"]

    objects = UserManager()

    class Meta:
        ordering = ["display_name"]

    def __str__(self) -> str:
        return self.display_name

    def set_password(self, raw_password: str | None) -> None:
        """Another password, which is nobody else's. Saving is for the caller."""
        super().set_password(raw_password)
        self.has_first_password = False

    def get_session_auth_hash(self) -> str:
        """Changes with the password and the role, and in each round: that ends the sessions that were there before."""
        standing = "\n".join([self.password, self.role, str(self.session_round)])
        return salted_hmac("accounts.models.User.session", standing, algorithm="sha256").hexdigest()

    def unique_error_message(self, model_class: type[models.Model], unique_check: Sequence[str]) -> ValidationError:
        """Say in plain words that an e-mail address is taken."""
        if tuple(unique_check) == ("email",):
            return ValidationError(gettext("Somebody has an account with this e-mail address already."), code="unique")
        return super().unique_error_message(model_class, unique_check)


ClinicChange: Any  # made by `keeps_changes`
"""What became of a clinic's settings: see `accounts.changes.Change`."""

UserChange: Any
"""What became of an account."""


class ApiToken(models.Model):
    """What a program sends instead of signing in as ``user``. Itself it is not kept; see `accounts.api_tokens`."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="api_token")
    beginning = models.CharField(max_length=18, help_text="By which people recognise it; no part of the secret.")
    key_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.beginning


class Invitation(models.Model):
    """A link that sets a password once: for a new account, or for ``account``, whose owner cannot sign in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role)
    account = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations")
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    secret_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.email} {self.role}"

    @property
    def is_open(self) -> bool:
        """Whether the link still leads anywhere."""
        return self.used_at is None and self.expires_at > timezone.now()


class Purpose(models.TextChoices):
    """What somebody looked at or changed data for, in the access log."""

    CARE = "care", gettext_lazy("Care")
    DISCLOSURE = "disclosure", gettext_lazy("Passed on to another program")
    ADMINISTRATION = "administration", gettext_lazy("Running the clinic")
    ACCOUNT = "account", gettext_lazy("Own account")
    RETENTION = "retention", gettext_lazy("Keeping nothing longer than needed")
    REQUEST = "request", gettext_lazy("Asked for by the patient")
    EMERGENCY = "emergency", gettext_lazy("Emergency access")


def _refused(name: str, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    """Refuses ``operation`` whoever asks, also where it would touch no row."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=operation,
        func="RAISE EXCEPTION 'Rows of % are only ever added.', TG_TABLE_NAME;",
    )


def _only_added() -> list[pgtrigger.Trigger]:
    return [
        _refused("no_update_or_delete", pgtrigger.Update | pgtrigger.Delete),
        _refused("no_truncate", pgtrigger.Truncate),
    ]


class EmergencyAccessQuerySet(models.QuerySet["EmergencyAccess"]):
    """Emergency accesses, by the database's clock."""

    def active(self) -> EmergencyAccessQuerySet:
        """Those whose time is not over."""
        return self.filter(ends_at__gt=Now())

    def patients_of(self, user: User) -> models.QuerySet[EmergencyAccess, uuid.UUID]:
        """The ids of the patients whom ``user`` may see for now."""
        return self.active().filter(user=user).values_list("patient_id", flat=True)


class EmergencyAccess(models.Model):
    """A counselor opened one patient who is not in their care, for a while and with a reason ("break glass").

    A trigger of the access log marks what they do about that patient meanwhile.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    patient_id = models.UUIDField()
    reason = models.CharField(max_length=500)
    began_at = models.DateTimeField(db_default=Now(), editable=False)
    ends_at = models.DateTimeField()
    seen_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        ordering = ["-began_at"]
        indexes = [models.Index(fields=["user", "patient_id", "ends_at"], name="emergency_by_user")]

    def __str__(self) -> str:
        return f"emergency access {self.id}"


class AccessLogEntry(models.Model):
    """One read, write, export, refusal or sign-in. Rows are only ever added; `accounts.chain` seals them."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now(), editable=False)
    clinic_id = models.UUIDField(null=True, help_text="Empty where somebody unknown tried to sign in.")
    actor_id = models.UUIDField(null=True)
    role = models.CharField(max_length=16, blank=True)
    action = models.CharField(max_length=32)
    purpose = models.CharField(max_length=16, choices=Purpose)
    object_kind = models.CharField(max_length=32)
    object_id = models.UUIDField(null=True)
    patient_id = models.UUIDField(null=True)
    allowed = models.BooleanField()
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=45, blank=True, help_text="The IP address of whoever asked.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["clinic_id", "-id"], name="access_log_by_clinic"),
            models.Index(fields=["patient_id", "-id"], name="access_log_by_patient"),
        ]
        triggers = [
            *_only_added(),
            pgtrigger.Trigger(
                name="written_now_and_unsealed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    NEW.at = statement_timestamp();
                    IF EXISTS (
                        SELECT FROM accounts_emergencyaccess
                        WHERE user_id = NEW.actor_id AND patient_id = NEW.patient_id AND ends_at > NEW.at
                    ) THEN
                        NEW.purpose = 'emergency';
                    END IF;
                    INSERT INTO accounts_accesslogunsealed (entry_id) VALUES (NEW.id);
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_kind}"


class AccessLogSeal(models.Model):
    """One link of the chain over the access log: it fixes what a row says and which rows were sealed before it."""

    position = models.BigIntegerField(primary_key=True, help_text="1, 2, 3 and so on, without a gap.")
    entry_id = models.BigIntegerField(unique=True)
    sealed_at = models.DateTimeField()
    row_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["position"]
        triggers = _only_added()

    def __str__(self) -> str:
        return f"{self.position}"


class UnsealedQuerySet(models.QuerySet["AccessLogUnsealed"]):
    """What the next sealing has to do."""

    def entries(self) -> models.QuerySet[AccessLogEntry]:
        """The rows to be sealed, oldest first. One that has a seal already is none of them."""
        sealed = AccessLogSeal.objects.filter(entry_id=OuterRef("id"))
        waiting = AccessLogEntry.objects.filter(id__in=self.values("entry_id"))
        return waiting.filter(~Exists(sealed)).order_by("id")


class AccessLogUnsealed(models.Model):
    """The id of a row of the access log that has no seal yet. A trigger writes it, with the row."""

    entry_id = models.BigIntegerField(primary_key=True)

    objects = UnsealedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.entry_id}"
