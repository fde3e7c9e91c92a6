"""A patient's consent to being recorded and analysed."""

from __future__ import annotations

import uuid
from datetime import date
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy

from accounts.changes import OF_PATIENT, keeps_changes
from accounts.models import User
from sessions_app.models.patients import Patient
from sessions_app.models.scope import ScopedQuerySet

FIRST_YEAR = 1950


class Scope(models.TextChoices):
    """What a consent can cover. Each is a column of `Consent`; the words are those that stand beside its tick."""

    RECORDING = "recording", gettext_lazy("Sessions are recorded")
    VOICE_ANALYSIS = "voice_analysis", gettext_lazy("Software analyses how the voice sounds")
    LIVE = "live", gettext_lazy("It may do so live, while a session runs")
    KEEPING_AUDIO = "keeping_audio", gettext_lazy("Recordings are kept for longer than the clinic’s usual time")
    RESEARCH = "research", gettext_lazy("Results may be used for research")


RESTS_ON = {
    Scope.KEEPING_AUDIO: Scope.RECORDING,
    Scope.LIVE: Scope.VOICE_ANALYSIS,
    Scope.RESEARCH: Scope.VOICE_ANALYSIS,
}
"""What one scope allows is nothing without the other."""


class Method(models.TextChoices):
    """How a patient gave consent."""

    PAPER = "paper", gettext_lazy("Signed on paper")
    ELECTRONIC = "electronic", gettext_lazy("Signed electronically")
    SPOKEN = "spoken", gettext_lazy("Said aloud and noted")


class ConsentQuerySet(ScopedQuerySet["Consent"]):
    """Consents, by when they hold."""

    patient_path = "patient"

    def in_force(self, day: date, *scopes: Scope) -> ConsentQuerySet:
        """Consents to voice analysis, and to all of ``scopes``, that cover ``day`` and have not been withdrawn at all.

        A withdrawal counts from the moment it is made for every session, past ones too: the patient has asked that
        scores no longer be shown.
        """
        return self.filter(
            Q(expires_on__isnull=True) | Q(expires_on__gte=day),
            **dict.fromkeys([Scope.VOICE_ANALYSIS, *scopes], True),
            given_on__lte=day,
            withdrawn_at__isnull=True,
        )

    def standing(self) -> ConsentQuerySet:
        """Consents that have not been withdrawn, expired ones too: sessions of their time are still shown."""
        return self.filter(withdrawn_at__isnull=True)


@keeps_changes(
    "ConsentChange",
    *("patient", "text_version", "method", *Scope.values, "given_on", "expires_on", "taken_by"),
    *("withdrawn_at", "withdrawn_by"),
    whose=OF_PATIENT,
    also={"clinic_id": models.UUIDField()},
)
class Consent(models.Model):
    """One signed consent: what it covers, who took it, and until when it holds."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="consents")
    text_version = models.CharField(max_length=32)
    method = models.CharField(max_length=16, choices=Method, default=Method.PAPER)
    recording = models.BooleanField(Scope.RECORDING.label, default=False)
    voice_analysis = models.BooleanField(Scope.VOICE_ANALYSIS.label, default=False)
    live = models.BooleanField(Scope.LIVE.label, default=False)
    keeping_audio = models.BooleanField(Scope.KEEPING_AUDIO.label, default=False)
    research = models.BooleanField(Scope.RESEARCH.label, default=False)
    given_on = models.DateField()
    expires_on = models.DateField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["-given_on"]

    def __str__(self) -> str:
        return f"consent {self.id}"

    def clean(self) -> None:
        """Refuse a consent that was not given yet, or before a withdrawal, ends before it begins, or covers nothing."""
        wrong = {}
        zone = ZoneInfo(self.patient.clinic.time_zone)
        today, withdrawn = timezone.localdate(timezone=zone), self._withdrawn_before(zone)
        if self.given_on and self.given_on > today:
            wrong["given_on"] = gettext("This day lies in the future. Please give the day on which consent was given.")
        elif self.given_on and self.given_on.year < FIRST_YEAR:
            wrong["given_on"] = gettext("Please give a day after %(year)s.") % {"year": FIRST_YEAR}
        elif self.given_on and withdrawn and self.given_on < withdrawn:
            # Else what was withdrawn would be shown again.
            wrong["given_on"] = _before_withdrawal(withdrawn)
        if self.given_on and self.expires_on and self.expires_on < self.given_on:
            wrong["expires_on"] = gettext("This day lies before the day on which consent was given.")
        wrong |= self._wrong_scopes()
        if wrong:
            raise ValidationError(wrong)

    def _withdrawn_before(self, zone: ZoneInfo) -> date | None:
        last = self.patient.consents.exclude(id=self.id).aggregate(last=Max("withdrawn_at"))["last"]
        return timezone.localdate(last, timezone=zone) if last else None

    def _wrong_scopes(self) -> dict[str, str]:
        covered = self.scopes
        if not covered:
            return {Scope.VOICE_ANALYSIS: gettext("Please say what the consent covers.")}
        return {
            scope: gettext("This also needs “%(scope)s”.") % {"scope": RESTS_ON[scope].label}
            for scope in covered
            if scope in RESTS_ON and RESTS_ON[scope] not in covered
        }

    @property
    def scopes(self) -> list[Scope]:
        """What it covers."""
        return [scope for scope in Scope if getattr(self, scope)]

    def covers(self, day: date, scope: Scope = Scope.VOICE_ANALYSIS) -> bool:
        """Whether this consent allows ``scope`` for a session held on ``day``: `in_force` for a row in hand."""
        unexpired = self.expires_on is None or self.expires_on >= day
        return bool(getattr(self, scope)) and self.withdrawn_at is None and self.given_on <= day and unexpired


def _before_withdrawal(withdrawn: date) -> str:
    words = gettext("The patient withdrew consent on %(day)s. One from before counts no more: please record a new one.")
    return words % {"day": date_format(withdrawn, "j M Y")}
