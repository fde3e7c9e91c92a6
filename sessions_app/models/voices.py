"""Whose voice is whose, as people know it: a counselor's own clip, and who confirmed who the patient is."""

from __future__ import annotations

import uuid

from django.db import models

from accounts.models import User
from inference.models import Analysis
from sessions_app.models.patients import Patient
from sessions_app.models.scope import ScopedQuerySet


class CounselorVoiceQuerySet(models.QuerySet["CounselorVoice"]):
    """Clips, by whom they are used for."""

    def heard_with(self, patient: Patient) -> CounselorVoice | None:
        """The clip of the counselor who is heard in sessions of ``patient``, where that is known.

        A session names no counselor, and whoever uploads may be somebody else. So it is taken for the counselor of the
        patient's care team where that team is one person, who has a clip. Where several care for a patient no clip is
        used: the voice of one who was not there would make a patient of the counselor.
        """
        team = list(patient.care_team.all()[:2])
        if len(team) != 1 or not team[0].is_active:
            return None
        return self.filter(counselor=team[0]).first()


class CounselorVoice(models.Model):
    """A short clip of one counselor's own voice. It identifies a person: deleting it deletes row and file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Its file goes with the row, also where the row goes with an account: see `sessions_app.listeners`.
    counselor = models.OneToOneField(User, on_delete=models.CASCADE, related_name="voice")
    file = models.CharField(max_length=200, help_text="Name in the default storage; never the client's file name.")
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    speech_seconds = models.FloatField(help_text="Seconds of speech in the clip.")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    objects = CounselorVoiceQuerySet.as_manager()

    def __str__(self) -> str:
        return f"counselor's voice {self.id}"


class ConfirmationQuerySet(ScopedQuerySet["Confirmation"]):
    """Confirmations, by who may see them."""

    patient_path = "analysis__recording__session__patient"


class Confirmation(models.Model):
    """A counselor said that the voice taken for the patient's in this analysis is theirs. It holds for no other one."""

    analysis = models.OneToOneField(Analysis, on_delete=models.CASCADE, primary_key=True, related_name="confirmation")
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(auto_now_add=True)

    objects = ConfirmationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"confirmation of {self.analysis_id}"
