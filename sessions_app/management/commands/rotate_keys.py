"""``manage.py rotate_keys``: exchange the master key, and with options the clinics' keys too, while everything runs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.plainly import errors_told_plainly
from sessions_app import rotation
from sessions_app.errors import KeyMissing


class Command(BaseCommand):
    help = "Encrypt the clinics' keys with today's MASTER_KEY; those before it must be in MASTER_KEYS_OLD until then."

    def add_arguments(self, parser: CommandParser) -> None:
        """What else to exchange."""
        parser.add_argument(
            "--data-keys", action="store_true", help="give every clinic a new key for new files and notes, too"
        )
        parser.add_argument(
            "--files", action="store_true", help="encrypt old files and notes with their clinics' newest keys, too"
        )

    def handle(self, *_: Any, data_keys: bool, files: bool, **__: Any) -> None:
        """Do it and say how much. What was interrupted goes on when it is run again."""
        with errors_told_plainly():
            try:
                self.stdout.write(f"Encrypted with today's master key: {_count(rotation.master_key_apply(), 'key')}.")
                if data_keys:
                    self.stdout.write(f"Given a new key for new files: {_count(rotation.data_keys_renew(), 'clinic')}.")
                if files:
                    self._files()
            except KeyMissing as error:
                raise CommandError(f"A clinic's key cannot be read: {error.strerror}.") from error

    def _files(self) -> None:
        written = rotation.notes_reencrypt()
        self.stdout.write(f"Notes encrypted with their clinics' newest keys: {written['done']}.")
        told = rotation.files_reencrypt()
        self.stdout.write(f"Encrypted with their clinics' newest keys: {_count(told['done'], 'file')}.")
        if told["left"]:
            self.stdout.write(f"Left for the next run, because an analysis waits or runs: {told['left']}.")
        bad = [_count(told["damaged"] + told["gone"], "file")] if told["damaged"] + told["gone"] else []
        bad += [_count(written["damaged"], "note")] if written["damaged"] else []
        if bad:
            raise CommandError(f"Damaged or gone: {' and '.join(bad)}. 'manage.py doctor --storage' names them.")


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
