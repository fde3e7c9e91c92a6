"""Who cares for whom, as the administrator says it: one verb per function.

They are part of nobody's care and learn no more of a patient than number, name and care team.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts import access_log
from accounts.models import User
from accounts.permissions import require
from accounts.policy import Action
from sessions_app.models import Patient

KIND = "care_team"
"""What the access log calls it."""

NO_COUNSELOR = gettext_lazy("A care team is made of counselors of this clinic whose account is not switched off.")
NOBODY_LEFT = gettext_lazy("Nobody else of this care team can see the patient. Please add another counselor first.")


@transaction.atomic
def care_team_join(*, user: User, patient: Patient, counselor: User) -> None:
    """Let ``counselor`` care for ``patient`` from now on. Raises ``ValidationError``: they are none of this clinic."""
    require(user, Action.ASSIGN_CARE, object_kind=KIND)
    patient = _held(user, patient)
    if not User.objects.counselors_of(patient.clinic).contains(counselor):
        raise ValidationError(NO_COUNSELOR)
    if not patient.care_team.filter(id=counselor.id).exists():
        patient.care_team.add(counselor)
        _log(user, patient, "join_care_team", counselor)


@transaction.atomic
def care_team_leave(*, user: User, patient: Patient, person: User) -> None:
    """End that ``person`` cares for ``patient``; they see nothing more of the patient.

    Raises ``ValidationError`` where nobody would be left who does.
    """
    require(user, Action.ASSIGN_CARE, object_kind=KIND)
    patient = _held(user, patient)
    others = User.objects.counselors_of(patient.clinic).filter(patients=patient).exclude(id=person.id)
    if not others.exists():
        raise ValidationError(NOBODY_LEFT)
    if patient.care_team.filter(id=person.id).exists():
        patient.care_team.remove(person)
        _log(user, patient, "leave_care_team", person)


def _held(user: User, patient: Patient) -> Patient:
    """The patient, whose care team nobody else changes meanwhile: of two who leave at once, one stays."""
    return Patient.objects.assignable_by(user).select_for_update(no_key=True, of=("self",)).get(id=patient.id)


def _log(user: User, patient: Patient, action: str, person: User) -> None:
    access_log.record(actor=user, action=action, object_kind=KIND, object_id=person.id, patient_id=patient.id)
