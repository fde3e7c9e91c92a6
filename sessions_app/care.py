"""What belongs to a patient's own care team, and not to everybody who may see the patient for another reason."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied

from accounts import access_log
from accounts.models import EmergencyAccess, Role, User
from accounts.permissions import require
from accounts.policy import Action
from sessions_app.errors import NotInEmergency
from sessions_app.models import Patient


def require_own_care(user: User, patient: Patient, action: Action) -> None:
    """Go on if ``user`` may and is of the care team; else log the refusal and raise ``PermissionDenied``."""
    require(user, action)
    if not is_of_care_team(user, patient):
        _refuse(user, patient, action)


def refuse_in_emergency(user: User, patient: Patient, action: Action) -> None:
    """Nothing that cannot be undone is done under emergency access: a counselor must be of the care team for it."""
    if sees_in_emergency(user, patient):
        _refuse(user, patient, action)


def sees_in_emergency(user: User, patient: Patient) -> bool:
    """Whether ``user``, who sees ``patient``, is a counselor who does so under emergency access alone."""
    return user.role == Role.COUNSELOR and not is_of_care_team(user, patient)


def opened_in_emergency(user: User) -> set[UUID]:
    """The patients whom ``user``, a counselor, sees under emergency access alone."""
    if user.role != Role.COUNSELOR:
        return set()
    opened = EmergencyAccess.objects.patients_of(user)
    return set(Patient.objects.filter(id__in=opened).exclude(care_team=user).values_list("id", flat=True))


def log_each_patient(user: User, object_kind: str, shown: Iterable[UUID]) -> None:
    """Log for each patient of a list that ``user`` was shown them, where that must be known of each.

    That is what a program was given, which has left Undertone, and what emergency access opened.
    """
    if user.role == Role.INTEGRATION:
        access_log.record_each(actor=user, action="list", object_kind=object_kind, patient_ids=set(shown))
    elif user.role == Role.COUNSELOR and (opened := set(EmergencyAccess.objects.patients_of(user))):
        patients = opened & set(shown)
        access_log.record_each(actor=user, action="list", object_kind=object_kind, patient_ids=patients)


def is_of_care_team(user: User, patient: Patient) -> bool:
    """Whether ``user`` cares for ``patient``."""
    return patient.care_team.filter(id=user.id).exists()


def _refuse(user: User, patient: Patient, action: Action) -> None:
    access_log.record(actor=user, action=action, object_kind="patient", object_id=patient.id, allowed=False)
    raise NotInEmergency if sees_in_emergency(user, patient) else PermissionDenied
