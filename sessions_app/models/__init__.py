"""Clinic work: patients, their consent, sessions with recordings, and questionnaires."""

from sessions_app.models.consent import Consent
from sessions_app.models.patients import Patient
from sessions_app.models.questionnaires import Instrument, QuestionnaireResponse
from sessions_app.models.sessions import PatientChannel, Recording, Session

__all__ = [
    "Consent",
    "Instrument",
    "Patient",
    "PatientChannel",
    "QuestionnaireResponse",
    "Recording",
    "Session",
]
