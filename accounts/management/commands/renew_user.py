"""``manage.py renew_user ada@willow.example``: a way back for who lost everything and whom nobody else can let in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import services
from accounts.management.plainly import add_password_argument, errors_told_plainly, first_password
from accounts.models import User


class Command(BaseCommand):
    help = "Give an account that is there a new first password, and take its second factor away."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose."""
        parser.add_argument("email", help="e-mail address with which the account signs in")
        add_password_argument(parser)

    def handle(self, *_: Any, email: str, password_file: Path | None, **__: Any) -> None:
        """Renew the account and say how to sign in."""
        password = first_password(password_file)
        with errors_told_plainly():
            user = User.objects.filter(email__iexact=email).first()
            if user is None:
                raise CommandError(f"Nobody has an account with the address '{email}'.")
            services.user_renew(user=user, password=password.text)
        self.stdout.write(password.sentence(user))
        self.stdout.write("Second factor, sessions and API token of before are gone.")
        if not user.is_active:
            self.stdout.write("The account is switched off still: an administrator can switch it on under 'People'.")
