"""``manage.py restore DIR``: bring a backup back, into an empty place only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import backups


class Command(BaseCommand):
    help = "Bring a backup back, into an empty database and an empty MEDIA_ROOT. Checks all of it before it begins."
    # The tables are not there yet.
    requires_migrations_checks = False
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Where from."""
        parser.add_argument("folder", type=Path, help="the folder that 'manage.py backup' made")

    def handle(self, *_: Any, folder: Path, **__: Any) -> None:
        """Restore and say what there is."""
        try:
            back = backups.restore(folder)
        except backups.Refused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"The files could not be written: {error.strerror}.") from error
        rows = sum(back["tables"].values())
        self.stdout.write(f"Restored from {back['made_at']}: {rows} rows, {len(back['files'])} files.")
        self.stdout.write("Please run 'manage.py doctor --storage' and 'manage.py verify_access_log' now.")
