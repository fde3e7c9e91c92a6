"""What commands about one patient share: in whose name they act, and which patient that person may see."""

from __future__ import annotations

from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from accounts.models import User
from sessions_app.models import Patient


def add_arguments(parser: CommandParser) -> None:
    """``EMAIL PATIENT``: by id, as in the address of the patient's page; no name stands in a shell's history."""
    parser.add_argument("email", help="in whose name: a counselor of the patient's care team")
    parser.add_argument("patient", type=UUID, help="the patient's id, as in the address of their page")


def user_and_patient(email: str, patient_id: UUID) -> tuple[User, Patient]:
    """Raises ``CommandError`` for somebody unknown, and for a patient whom they may not see."""
    user = User.objects.filter(email__iexact=email).select_related("clinic").first()
    if user is None:
        raise CommandError(f"There is no user '{email}'.")
    patient = Patient.objects.visible_to(user).select_related("clinic").filter(id=patient_id).first()
    if patient is None:
        raise CommandError("There is no such patient, or it is not this person's to see.")
    return user, patient
