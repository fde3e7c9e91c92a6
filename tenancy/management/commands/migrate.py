"""``manage.py migrate``: as the owner of the tables, whom the application itself never connects as."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate

OWNER = "owner"


class Command(migrate.Command):
    """Django's command on the connection of the tables' owner."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Those of Django's command."""
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER)

    def execute(self, *arguments: Any, **options: Any) -> Any:
        """Change the tables. Raises `CommandError` before any check where the owner's address is not given."""
        if options["database"] == OWNER and OWNER not in settings.DATABASES:
            raise CommandError(
                "DATABASE_OWNER_URL is not set. Tables are changed by the role that owns them, as which the"
                " application never connects: give its address for this command (README, Configuration)."
            )
        return super().execute(*arguments, **options)
