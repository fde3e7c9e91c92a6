"""``manage.py render_demo_audio``: render the demonstration's recordings again (`make demo-audio`)."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Render the demonstration's recordings again. Needs the 'train' extra and espeak-ng."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Patients, or none for all."""
        parser.add_argument("references", nargs="*", help="only these patients, such as SYN-005")

    def handle(self, *_: Any, references: list[str], **__: Any) -> None:
        """One line per recording."""
        from sessions_app.demo.render import render_all

        os.nice(10)
        for line in render_all(references):
            self.stdout.write(line)
