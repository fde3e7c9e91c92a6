"""``manage.py backup DIR``: copy the database and all files, while everything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.plainly import errors_told_plainly
from config import backups


class Command(BaseCommand):
    help = "Copy the database and all files, encrypted as they lie, into a new folder. The master key is not in it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("folder", type=Path, help="a folder that is new or empty")

    def handle(self, *_: Any, folder: Path, **__: Any) -> None:
        """Copy and say what there is."""
        with errors_told_plainly():
            try:
                made = backups.backup(folder)
            except backups.Refused as refused:
                raise CommandError(str(refused)) from refused
            except OSError as error:
                raise CommandError(f"The backup could not be written: {error.strerror}.") from error
        rows = sum(made["tables"].values())
        self.stdout.write(
            f"Copied to {folder}: {rows} rows of {len(made['tables'])} tables, {len(made['files'])} files."
        )
        self.stdout.write(
            f"It can be read with these master keys: {', '.join(made['master_keys']) or 'none is needed'}."
        )
        if made["gone"]:
            self.stdout.write(f"Not there to be copied: {len(made['gone'])} files, deleted meanwhile or lost before.")
