"""``manage.py erase_patient alice@clinic.example PATIENT``: delete everything about one patient, after asking."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.plainly import errors_told_plainly
from accounts.models import User
from sessions_app.erasure import patient_erase
from sessions_app.management import in_whose_name
from sessions_app.models import ErasureReport, Patient

ASK = "Everything about this patient is deleted for good. Please type the clinic's number for them: "


class Command(BaseCommand):
    help = "Delete everything about one patient for good."

    def add_arguments(self, parser: CommandParser) -> None:
        """In whose name, of whom."""
        in_whose_name.add_arguments(parser)
        parser.add_argument("--number", help="the clinic's number for the patient; asked for where it is not given")

    def handle(self, *_: Any, email: str, patient: UUID, number: str | None, **__: Any) -> None:
        """Ask for the number, erase, and say what was erased."""
        with errors_told_plainly():
            user, found = in_whose_name.user_and_patient(email, patient)
            if (number or input(ASK)).strip() != found.reference:
                raise CommandError("This is not the patient's number. Nothing was erased.")
            report = _erased(user, found)
        for kind, total in report.lines:
            self.stdout.write(f"{total:8} {kind}")
        self.stdout.write(f"Erased. The report is kept as {report.id}.")


def _erased(user: User, patient: Patient) -> ErasureReport:
    try:
        report = patient_erase(user=user, patient=patient)
    except PermissionDenied as error:
        raise CommandError("Only a counselor of the patient's care team may do this.") from error
    if report is None:
        raise CommandError("Somebody else has erased this patient meanwhile.")
    return report
