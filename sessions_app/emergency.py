"""Emergency access ("break glass"): a counselor opens one patient of a colleague, for a while and with a reason.

It opens what the care team sees and lets do what they do, but nothing that cannot be undone: see `sessions_app.care`.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_lazy

from accounts import access_log
from accounts.models import EmergencyAccess, Purpose, User
from accounts.permissions import require
from accounts.policy import Action
from sessions_app.care import is_of_care_team
from sessions_app.models import Patient

KIND = "emergency_access"
LEAST_REASON = 20
NOBODY = gettext_lazy("No patient of this clinic has this number.")


def emergency_begin(*, user: User, number: str, reason: str) -> Patient:
    """Open the patient whose number this is for ``EMERGENCY_MINUTES``; for somebody of the care team nothing is to do.

    Raises ``ValidationError``: no such patient in the clinic, or no reason worth the name.
    """
    require(user, Action.BREAK_GLASS)
    if len(reason.strip()) < LEAST_REASON:
        too_short = gettext("Please say in %(characters)s characters or more why this cannot wait.")
        raise ValidationError({"reason": too_short % {"characters": LEAST_REASON}})
    patient = Patient.objects.filter(clinic=user.clinic_id, reference__iexact=number.strip()).first()
    if patient is None:
        access_log.record(
            actor=user, action=Action.BREAK_GLASS, object_kind=KIND, purpose=Purpose.EMERGENCY, allowed=False
        )
        raise ValidationError({"number": NOBODY})
    if not is_of_care_team(user, patient):
        _open(user, patient, reason.strip())
    return patient


@transaction.atomic
def _open(user: User, patient: Patient, reason: str) -> None:
    # As an erasure does: of a patient who is gone nothing is written.
    if not Patient.objects.select_for_update(no_key=True).filter(id=patient.id):
        raise ValidationError({"number": NOBODY})
    access = EmergencyAccess(
        clinic=user.clinic,
        user=user,
        patient_id=patient.id,
        reason=reason,
        ends_at=Now() + timedelta(minutes=settings.EMERGENCY_MINUTES),
    )
    access.clean_fields(exclude=["ends_at"])
    access.save()
    access_log.record(
        actor=user,
        action=Action.BREAK_GLASS,
        object_kind=KIND,
        object_id=access.id,
        patient_id=patient.id,
        purpose=Purpose.EMERGENCY,
    )


def emergency_of(user: User, patient: Patient) -> EmergencyAccess | None:
    """The access by which ``user`` sees ``patient`` now, or ``None`` for the care team and everybody else."""
    found = EmergencyAccess.objects.active().filter(user=user, patient_id=patient.id).order_by("-ends_at").first()
    return None if found is None or is_of_care_team(user, patient) else found


def emergencies_unseen(user: User) -> QuerySet[EmergencyAccess]:
    """Those of the clinic of ``user``, its administrator, that nobody has said to have seen."""
    return emergencies_of_clinic(user).filter(seen_at__isnull=True).select_related("user")


def emergencies_of_clinic(user: User) -> QuerySet[EmergencyAccess]:
    """All that there ever were in the clinic of ``user``, its administrator."""
    require(user, Action.MANAGE_CLINIC, object_kind=KIND)
    return EmergencyAccess.objects.filter(clinic=user.clinic_id)


def emergency_seen(*, user: User, access_id: UUID) -> bool:
    """Note that the administrator has seen this emergency access. False where there is none to see."""
    access = emergencies_unseen(user).filter(id=access_id).first()
    if access is None:
        return False
    EmergencyAccess.objects.filter(id=access.id).update(seen_by=user, seen_at=Now())
    access_log.record(
        actor=user, action="see_emergency", object_kind=KIND, object_id=access.id, patient_id=access.patient_id
    )
    return True
