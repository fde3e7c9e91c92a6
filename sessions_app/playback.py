"""Listening to a recording: who may, and that each listening leaves one row in the access log."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from accounts.models import AccessLogEntry, User
from accounts.permissions import require
from accounts.policy import Action
from sessions_app import recordings
from sessions_app.errors import ConsentMissing
from sessions_app.models import Recording, Session

ONE_LISTENING = timedelta(minutes=15)
"""A player asks for many parts of one recording. What the same person asks for within this time is one listening."""


def may_be_heard(session: Session) -> bool:
    """Whether the patient's consent allows anybody to listen to recordings of ``session``."""
    day = session.day_in(session.patient.clinic)
    return session.patient.consents.in_force(day).filter(recording=True).exists()


def listening_begin(*, user: User, recording: Recording) -> None:
    """Let ``user`` hear the recording, and log it unless that is done. Raises `ConsentMissing`."""
    require(user, Action.LISTEN, object_kind="recording")
    if not may_be_heard(recording.session):
        recordings.log(user, recording, Action.LISTEN, allowed=False)
        raise ConsentMissing
    if not _is_listening(user, recording):
        recordings.log(user, recording, Action.LISTEN)


def _is_listening(user: User, recording: Recording) -> bool:
    heard = AccessLogEntry.objects.filter(patient_id=recording.session.patient_id, at__gt=Now() - ONE_LISTENING)
    return heard.filter(actor_id=user.id, action=Action.LISTEN, object_id=recording.id, allowed=True).exists()
