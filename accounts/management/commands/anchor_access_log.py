"""``manage.py anchor_access_log``: what beat has done once an hour, now."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.anchors import anchor
from accounts.management.plainly import errors_told_plainly


class Command(BaseCommand):
    help = "Seal the access log and write its head to the file of anchors."

    def handle(self, *_: Any, **__: Any) -> None:
        """Print the anchor, which somebody may want to keep elsewhere."""
        try:
            with errors_told_plainly():
                made = anchor()
        except OSError as error:
            raise CommandError(f"{settings.ACCESS_LOG_ANCHORS} cannot be written: {error.strerror}.") from error
        self.stdout.write(made.line() if made else "Nothing was logged since the newest anchor.")
