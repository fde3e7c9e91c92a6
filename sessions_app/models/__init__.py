"""Clinic work: patients, their consent, sessions with recordings, questionnaires and notes."""

from typing import Any

from sessions_app.models.annotations import Annotation, AnnotationKind
from sessions_app.models.consent import Consent, Method, Scope
from sessions_app.models.erasures import ErasureReport
from sessions_app.models.files import DoomedFile
from sessions_app.models.flags import Flag, FlagKind
from sessions_app.models.keys import ClinicKey
from sessions_app.models.notes import Note, NoteKind
from sessions_app.models.patients import Patient
from sessions_app.models.questionnaires import Instrument, QuestionnaireResponse
from sessions_app.models.reviews import Reason, Review, Verdict
from sessions_app.models.saved_views import Order, SavedView
from sessions_app.models.sessions import PatientChannel, Recording, Session
from sessions_app.models.voices import Confirmation, CounselorVoice

AnnotationChange: Any  # made by `accounts.changes`, as are the others
CareTeamChange: Any
ConsentChange: Any
PatientChange: Any
QuestionnaireChange: Any
RecordingChange: Any
ReviewChange: Any
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
    "Flag",
    "FlagKind",
    "Instrument",
    "Method",
    "Note",
    "NoteKind",
    "Order",
    "Patient",
    "PatientChange",
    "PatientChannel",
    "QuestionnaireChange",
    "QuestionnaireResponse",
    "Reason",
    "Recording",
    "RecordingChange",
    "Review",
    "ReviewChange",
    "SavedView",
    "Scope",
    "Session",
    "SessionChange",
    "Verdict",
]
