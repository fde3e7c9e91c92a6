"""``manage.py bench_access_log``: what writing the access log adds to a page."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import bench_apart


class Command(BaseCommand):
    help = "Time a page with and without its row of the access log, on an embedded PostgreSQL that is thrown away."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """How many."""
        parser.add_argument("--pages", type=int, default=600, help="pages each way (default: 600)")

    def handle(self, *_: Any, pages: int, **__: Any) -> None:
        """Print the table; exit status 1 where the limit is not reached."""
        if pages < 1:
            raise CommandError("The number of pages is above zero.")
        table, status = bench_apart.run("sessions_app.bench_access_log", pages)
        self.stdout.write(table, ending="")
        if status:
            sys.exit(status)
