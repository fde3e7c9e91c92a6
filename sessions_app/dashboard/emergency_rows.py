"""Emergency accesses as the administrator reads them: who, which patient by number, why."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import EmergencyAccess, User
from sessions_app.emergency import emergencies_unseen
from sessions_app.models import Patient


@dataclass(frozen=True, slots=True)
class EmergencyRow:
    """One access and the clinic's number of the patient."""

    access: EmergencyAccess
    number: str


def emergency_rows(user: User) -> list[EmergencyRow]:
    """Those that nobody has said to have seen, the latest first, in two queries."""
    unseen = list(emergencies_unseen(user))
    wanted = {access.patient_id for access in unseen}
    numbers = dict(Patient.objects.numbered_for(user).filter(id__in=wanted).values_list("id", "reference"))
    return [EmergencyRow(access, numbers.get(access.patient_id, "")) for access in unseen]
