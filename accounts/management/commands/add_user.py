"""``manage.py add_user clara@willow.example --clinic "Willow House" --role counselor --name "Clara Cole"``."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import services
from accounts.management.plainly import add_password_argument, errors_told_plainly, first_password
from accounts.models import Clinic, Role


class Command(BaseCommand):
    help = "Give somebody an account in a clinic."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, where, and as what."""
        parser.add_argument("email", help="e-mail address to sign in with")
        parser.add_argument("--clinic", required=True, help="name or id of the clinic")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--name", required=True, help="name that others see")
        add_password_argument(parser)

    def handle(
        self, *_: Any, email: str, clinic: str, role: str, name: str, password_file: Path | None, **__: Any
    ) -> None:
        """Make the account and say how to sign in."""
        password = first_password(password_file)
        with errors_told_plainly():
            user = services.user_add(
                clinic=_clinic(clinic), email=email, name=name, role=Role(role), password=password.text
            )
        self.stdout.write(f"{user.display_name} is {user.get_role_display().lower()} now; the user's id is {user.id}.")
        self.stdout.write(password.sentence(user))


def _clinic(named: str) -> Clinic:
    found = list(Clinic.objects.filter(id=named) if _is_id(named) else Clinic.objects.filter(name__iexact=named))
    if not found:
        raise CommandError(f"There is no clinic '{named}'. Please make it with 'manage.py add_clinic'.")
    if len(found) > 1:
        ids = ", ".join(str(clinic.id) for clinic in found)
        raise CommandError(f"Several clinics are called '{named}'. Please give the id of one: {ids}.")
    return found[0]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
