"""``manage.py bench_enqueue``: what queueing an analysis adds to the answer of an upload."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import bench_apart


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
        table, status = bench_apart.run("sessions_app.bench_enqueue", uploads)
        self.stdout.write(table, ending="")
        if status:
            sys.exit(status)
