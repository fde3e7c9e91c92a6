"""``manage.py bench_enqueue``: what queueing an analysis adds to the answer of an upload."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

OURS = ("DATABASE_URL", "REDIS_URL", "MEDIA_ROOT")
"""What must not lead the measurement to an installation's own data."""


class Command(BaseCommand):
    help = "Time uploads with and without queueing, on an embedded PostgreSQL and Redis that are thrown away."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """How many."""
        parser.add_argument("--uploads", type=int, default=200, help="uploads each way (default: 200)")

    def handle(self, *_: Any, uploads: int, **__: Any) -> None:
        """Print the table; exit status 1 where the limit is not reached."""
        if uploads < 1:
            raise CommandError("The number of uploads is above zero.")
        with tempfile.TemporaryDirectory(prefix="undertone-bench-") as folder:
            command = [sys.executable, "-m", "config.bench_enqueue", str(uploads), folder]
            done = subprocess.run(
                command, cwd=settings.BASE_DIR, env=_apart(folder), check=False, stdout=subprocess.PIPE, text=True
            )
        self.stdout.write(done.stdout, ending="")
        if done.returncode:
            sys.exit(done.returncode)


def _apart(folder: str) -> dict[str, str]:
    named = {*OURS, *(f"{name}_FILE" for name in OURS)}
    kept = {name: value for name, value in os.environ.items() if name not in named}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "UNDERTONE_ENV": "test",
        "UNDERTONE_DATA": folder,
        "LOG_LEVEL": "ERROR",
    }
