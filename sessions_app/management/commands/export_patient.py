"""``manage.py export_patient alice@clinic.example PATIENT archive.zip``: everything about one patient."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.plainly import errors_told_plainly
from sessions_app.exports import patient_export
from sessions_app.management import in_whose_name


class Command(BaseCommand):
    help = "Write everything about one patient into a ZIP archive."

    def add_arguments(self, parser: CommandParser) -> None:
        """In whose name, of whom, where to."""
        in_whose_name.add_arguments(parser)
        parser.add_argument("archive", type=Path, help="file to write; it must not be there yet")

    def handle(self, *_: Any, email: str, patient: UUID, archive: Path, **__: Any) -> None:
        """Only its owner can read the archive."""
        with errors_told_plainly():
            user, found = in_whose_name.user_and_patient(email, patient)
            try:
                export = patient_export(user=user, patient=found)
                descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except PermissionDenied as error:
                raise CommandError("Only a counselor of the patient's care team may do this.") from error
            except OSError as error:
                raise CommandError(f"{archive} cannot be written: {error.strerror}.") from error
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(export.parts())
        self.stdout.write(f"Written: {archive}. It is not encrypted; please keep it as carefully as the record.")
