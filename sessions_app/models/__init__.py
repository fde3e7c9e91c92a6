"""Clinic work: patients, their consent, sessions with recordings, questionnaires and notes."""

from sessions_app.models.consent import Consent, Method, Scope
from sessions_app.models.erasures import ErasureReport
from sessions_app.models.files import DoomedFile
from sessions_app.models.keys import ClinicKey
from sessions_app.models.notes import Note, NoteKind
from sessions_app.models.patients import Patient
from sessions_app.models.questionnaires import Instrument, QuestionnaireResponse
from sessions_app.models.sessions import PatientChannel, Recording, Session
from sessions_app.models.voices import Confirmation, CounselorVoice

__all__ = [
    "ClinicKey",
    "Confirmation",
    "Consent",
    "CounselorVoice",
    "DoomedFile",
    "ErasureReport",
    "Instrument",
    "Method",
    "Note",
    "NoteKind",
    "Patient",
    "PatientChannel",
    "QuestionnaireResponse",
    "Recording",
    "Scope",
    "Session",
]
