"""Sessions and their recordings."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.changes import OF_PATIENT, keeps_changes
from accounts.models import Clinic, User
from inference.models import Analysis, AnalysisJob
from sessions_app.models.patients import Patient
from sessions_app.models.scope import ScopedQuerySet

FIRST_YEAR = 1950
CLOCK_SLACK = timedelta(minutes=10)
"""How far the clock of whoever tells the time of a session may be ahead of the server's."""

_FETCHED = "fetched_recordings"


def refuse_impossible_time(held_at: datetime) -> None:
    """Raises ``ValidationError`` for a time at which no session can have been held."""
    if held_at.year < FIRST_YEAR:
        raise ValidationError(gettext("Please give a day after %(year)s.") % {"year": FIRST_YEAR}, code="too_long_ago")
    if held_at > timezone.now() + CLOCK_SLACK:
        raise ValidationError(
            gettext("This time lies in the future. Please give a time in the past."), code="in_future"
        )


class PatientChannel(models.TextChoices):
    """On which channel of a stereo recording the patient is."""

    UNKNOWN = "", gettext_lazy("One voice, or mono")
    LEFT = "left", gettext_lazy("Patient on the left channel")
    RIGHT = "right", gettext_lazy("Patient on the right channel")


class SessionQuerySet(ScopedQuerySet["Session"]):
    """Sessions, by who may see them."""

    patient_path = "patient"

    def with_recordings(self, *without: str) -> SessionQuerySet:
        """Each session with its recordings, their jobs, analyses, reviews ``without`` some fields, in two queries.

        They are in ``fetched_recordings``: a list is made quicker than a queryset for each of many sessions.
        """
        analysed = Recording.objects.select_related("job", "analysis__confirmation", "analysis__review")
        recordings = analysed.defer("analysis__review__sealed", *without).order_by("uploaded_at")
        return self.prefetch_related(Prefetch("recordings", queryset=recordings, to_attr=_FETCHED))


@keeps_changes(
    "SessionChange",
    *("patient", "held_at", "created_by"),
    whose=OF_PATIENT,
    also={"clinic_id": models.UUIDField()},
)
class Session(models.Model):
    """One meeting of a patient with a counselor."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="sessions")
    held_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    fetched_recordings: list[Recording]
    """Where it was asked for ``with_recordings``: all of them, the first uploaded first."""

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-held_at", "-id"]
        indexes = [models.Index(fields=["patient", "-held_at"], name="session_by_patient")]

    def __str__(self) -> str:
        return f"session {self.id}"

    def clean(self) -> None:
        """Refuse a time that cannot be meant, and that some time zone could not even express."""
        if self.held_at:
            try:
                refuse_impossible_time(self.held_at)
            except ValidationError as error:
                raise ValidationError({"held_at": error}) from error

    def day_in(self, clinic: Clinic) -> date:
        """The calendar day of this session where the clinic is."""
        return timezone.localdate(self.held_at, ZoneInfo(clinic.time_zone))


class RecordingQuerySet(ScopedQuerySet["Recording"]):
    """Recordings, by who may see them."""

    patient_path = "session__patient"


# Not where the file lies, nor what is analysed: jobs have a history of their own.
@keeps_changes(
    "RecordingChange",
    *("session", "original_name", "sha256", "size", "patient_channel", "named_channel", "uploaded_by"),
    "audio_removed_at",
    whose="""
        SELECT patient.id, patient.clinic_id INTO NEW.patient_id, NEW.clinic_id
        FROM sessions_app_session session JOIN sessions_app_patient patient ON patient.id = session.patient_id
        WHERE session.id = NEW.session_id;
    """,
    also={"patient_id": models.UUIDField(db_index=True), "clinic_id": models.UUIDField()},
)
class Recording(models.Model):
    """One audio file of a session, the job that analyses it, and the newest analysis that came of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="recordings")
    file = models.CharField(
        max_length=200,
        blank=True,
        help_text="Name in the default storage, never the client's file name; empty once the audio was removed.",
    )
    audio_removed_at = models.DateTimeField(null=True, blank=True)
    original_name = models.CharField(max_length=200, help_text="What the file was called, cleaned, for people only.")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    patient_channel = models.CharField(max_length=8, choices=PatientChannel, default=PatientChannel.UNKNOWN, blank=True)
    named_channel = models.CharField(
        max_length=8,
        choices=PatientChannel,
        default=PatientChannel.UNKNOWN,
        blank=True,
        help_text="What the upload said; a person may have swapped the channel since.",
    )
    uploaded_at = models.DateTimeField(auto_now_add=True)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    job = models.OneToOneField(AnalysisJob, on_delete=models.PROTECT, related_name="recording")
    analysis = models.OneToOneField(
        Analysis, on_delete=models.SET_NULL, null=True, blank=True, related_name="recording"
    )

    objects = RecordingQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["session", "sha256"], name="same_bytes_once_per_session"),
            models.CheckConstraint(
                name="audio_is_there_or_was_removed",
                condition=(
                    (Q(file="") & Q(audio_removed_at__isnull=False)) | (~Q(file="") & Q(audio_removed_at__isnull=True))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"recording {self.id}"

    @property
    def has_audio(self) -> bool:
        """Whether the audio has not been removed."""
        return self.file != ""
