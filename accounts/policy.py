"""The one table of who may do what. Pages, API and services all ask `may`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser

from accounts.models import Role

if TYPE_CHECKING:
    from accounts.models import User


class Action(StrEnum):
    """Something a person can want to do. `visible_to` says with which rows."""

    LIST_PATIENTS = "list_patients"
    SEE_SCORES = "see_scores"
    SEE_QUESTIONNAIRES = "see_questionnaires"
    ENTER_QUESTIONNAIRE = "enter_questionnaire"
    SEE_ANNOTATIONS = "see_annotations"
    ANNOTATE = "annotate"
    ADD_PATIENT = "add_patient"
    CORRECT_PATIENT = "correct_patient"
    RECORD_CONSENT = "record_consent"
    WITHDRAW_CONSENT = "withdraw_consent"
    ADD_SESSION = "add_session"
    UPLOAD_RECORDING = "upload_recording"
    RETRY_ANALYSIS = "retry_analysis"
    CANCEL_ANALYSIS = "cancel_analysis"
    REANALYZE = "reanalyze"
    DELETE_RECORDING = "delete_recording"
    LISTEN = "listen"
    REMOVE_AUDIO = "remove_audio"
    EXPORT_PATIENT = "export_patient"
    ERASE_PATIENT = "erase_patient"
    READ_NOTES = "read_notes"
    WRITE_NOTE = "write_note"
    BREAK_GLASS = "break_glass"
    CONFIRM_PATIENT = "confirm_patient"
    KEEP_VOICE = "keep_voice"
    REVIEW_ANALYSIS = "review_analysis"
    SNAPSHOT = "snapshot"
    MANAGE_CLINIC = "manage_clinic"
    ASSIGN_CARE = "assign_care"
    READ_ACCESS_LOG = "read_access_log"
    SEE_WHO_LOOKED = "see_who_looked"
    SEE_CHANGES = "see_changes"
    ANSWER_FLAG = "answer_flag"


_ANALYSES = {Action.RETRY_ANALYSIS, Action.CANCEL_ANALYSIS, Action.REANALYZE}

_CLINICAL = _ANALYSES | {
    Action.LIST_PATIENTS,
    Action.SEE_SCORES,
    Action.SEE_QUESTIONNAIRES,
    Action.ADD_SESSION,
    Action.UPLOAD_RECORDING,
    Action.SNAPSHOT,
}

# Whoever may write a name and a number down may put them right.
_ADMISSION = {Action.ADD_PATIENT, Action.CORRECT_PATIENT, Action.RECORD_CONSENT, Action.WITHDRAW_CONSENT}

# Whoever brings recordings in must be able to take back one of the wrong patient, and a patient's wish to have one
# deleted reaches the desk as often as the counselor. A program is left out: it cannot be asked whether it is sure, and
# a token in the wrong hands must not be able to wipe a clinic. So is the administrator, who is part of nobody's care.
_DELETION = {Action.DELETE_RECORDING, Action.REMOVE_AUDIO}

# Only somebody who was in the room can say whose voice is heard, or whether a score fits; a program was not.
_IN_PERSON = {Action.CONFIRM_PATIENT, Action.KEEP_VOICE, Action.REVIEW_ANALYSIS}

# A patient who asks who has read about them asks their counselor, and whoever answers for the care of somebody should
# see who else has looked. Staff open every patient of the clinic; what their colleagues open is not theirs to watch.
_ACCESSES = {Action.SEE_WHO_LOOKED}

# Answers of questionnaires are among them, which staff do not see; so what was changed is for who sees all of it.
_CHANGES = {Action.SEE_CHANGES}

# To hear a session is to be in it: for the counselors who were or will be, and for no program.
_LISTENING = {Action.LISTEN}

# All that is known of somebody, and the end of it, are for who cares for them: staff read no scores, the administrator
# no clinical content, and a program cannot be asked whether it is sure. Services ask for the care team besides.
_WHOLE_RECORD = {Action.EXPORT_PATIENT, Action.ERASE_PATIENT}

# What a counselor writes is for counselors. Which notes, and that psychotherapy notes are their author's alone, is for
# `Note.objects.visible_to` to say; services ask for the care team before one is written. No program is given any.
_NOTES = {Action.READ_NOTES, Action.WRITE_NOTE}

# Who enters, corrects or removes answers reads them; services ask for the care team besides. A program may not: it
# cannot be asked whether what it takes away is the wrong sheet.
_ANSWERS = {Action.ENTER_QUESTIONNAIRE}

# Saying that one has seen why a patient is listed first, or not now: for people, of the kinds that they are shown.
_FLAGS = {Action.ANSWER_FLAG}

# What happened in somebody's life is as free a text as a note, and for the same people; services ask for the care team
# before one is written.
_ANNOTATIONS = {Action.SEE_ANNOTATIONS, Action.ANNOTATE}

# Who may treat a patient may have to when nobody of the care team is there. Nobody else has a reason to.
_EMERGENCY = {Action.BREAK_GLASS}

ALLOWED: dict[str, set[Action]] = {
    Role.COUNSELOR: _CLINICAL
    | _ADMISSION
    | _DELETION
    | _IN_PERSON
    | _ACCESSES
    | _CHANGES
    | _WHOLE_RECORD
    | _NOTES
    | _ANSWERS
    | _ANNOTATIONS
    | _EMERGENCY
    | _FLAGS
    | _LISTENING,
    # Staff bring recordings in and see how far they are; what they say about a patient is not theirs to read.
    Role.STAFF: _ADMISSION
    | _ANALYSES
    | _DELETION
    | _FLAGS
    | {
        Action.LIST_PATIENTS,
        Action.ADD_SESSION,
        Action.UPLOAD_RECORDING,
    },
    # The administrator runs the clinic and is not part of anyone's care; they say who is, by number and name alone.
    Role.ADMIN: {Action.MANAGE_CLINIC, Action.ASSIGN_CARE, Action.READ_ACCESS_LOG},
    Role.INTEGRATION: _CLINICAL,
}


def may(user: User | AnonymousUser, action: Action) -> bool:
    """Whether ``user``'s role allows ``action`` at all (which rows is for `visible_to` to say)."""
    return bool(user.is_authenticated and user.is_active and action in ALLOWED.get(getattr(user, "role", ""), set()))
