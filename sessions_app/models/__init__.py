"""Clinic work: patients, their consent, sessions with recordings, questionnaires and notes."""

from typing import Any

from sessions_app.models.annotations import Annotation, AnnotationKind
from sessions_app.models.consent import Consent, Method, Scope
from sessions_app.models.erasures import ErasureReport
from sessions_app.models.files import DoomedFile
from sessions_app.models.keys import ClinicKey
from sessions_app.models.notes import Note, NoteKind
from sessions_app.models.patients import Patient
from sessions_app.models.questionnaires import Instrument, QuestionnaireResponse
from sessions_app.models.sessions import PatientChannel, Recording, Session
from sessions_app.models.voices import Confirmation, CounselorVoice

AnnotationChange: Any  # made by `accounts.changes`, as are the others
CareTeamChange: Any
ConsentChange: Any
PatientChange: Any
QuestionnaireChange: Any
RecordingChange: Any
SessionChange: Any

__all__ = [
    "Annotation",
    "AnnotationChange",
    "AnnotationKind",
    "CareTeamChange",
    "ClinicKey",
    "Confirmation",
    "Consent",
    "ConsentChange",
    "CounselorVoice",
    "DoomedFile",
    "ErasureReport",
    "Instrument",
    "Method",
    "Note",
    "NoteKind",
    "Patient",
    "PatientChange",
    "PatientChannel",
    "QuestionnaireChange",
    "QuestionnaireResponse",
    "Recording",
    "RecordingChange",
    "Scope",
    "Session",
    "SessionChange",
]
