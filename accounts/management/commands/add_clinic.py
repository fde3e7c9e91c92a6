"""``manage.py add_clinic "Willow House" --admin ada@willow.example --name "Ada Ames"``: the way in for a new clinic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from accounts import services
from accounts.management.plainly import add_password_argument, errors_told_plainly, first_password
from accounts.models import Role


class Command(BaseCommand):
    help = "Make a clinic and its first administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        """The clinic, and who administers it."""
        parser.add_argument("clinic", help="the clinic's name")
        parser.add_argument("--time-zone", default="UTC", help="where the clinic is, such as Europe/Berlin")
        parser.add_argument("--admin", required=True, metavar="EMAIL", help="e-mail address of the administrator")
        parser.add_argument("--name", required=True, help="name of the administrator")
        add_password_argument(parser)

    def handle(
        self, *_: Any, clinic: str, time_zone: str, admin: str, name: str, password_file: Path | None, **__: Any
    ) -> None:
        """Make both or neither, and say how the administrator signs in."""
        password = first_password(password_file)
        with errors_told_plainly(), transaction.atomic():
            made = services.clinic_add(name=clinic, time_zone=time_zone)
            user = services.user_add(clinic=made, email=admin, name=name, role=Role.ADMIN, password=password.text)
        self.stdout.write(f"{made.name} is made; its id is {made.id}.")
        self.stdout.write(password.sentence(user))
