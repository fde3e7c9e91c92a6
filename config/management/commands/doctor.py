"""``manage.py doctor``: says in plain words what is there, what is missing, and what to do about it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config import front
from config.doctor import Finding, examine


class Command(BaseCommand):
    help = "Say whether database, Redis, a worker, the checkpoint and disk space are there; exit 1 if one is missing."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """``--json`` for programs, ``--storage`` for a look at every recording, ``--address`` for one from outside."""
        parser.add_argument("--storage", action="store_true", help="read every recording and open every note")
        parser.add_argument("--address", help="look at the TLS of this https://... too")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")

    def handle(self, *_: Any, **options: Any) -> None:
        """One line per finding, and one with advice where something is missing."""
        findings = [*examine(storage=options["storage"]), *_outside(options["address"])]
        healthy = all(finding.ok for finding in findings)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": healthy, "findings": [asdict(finding) for finding in findings]}))
        else:
            for finding in findings:
                self.stdout.write(self._line(finding))
        if not healthy:
            sys.exit(1)

    def _line(self, finding: Finding) -> str:
        word = self.style.SUCCESS("ok     ") if finding.ok else self.style.ERROR("missing")
        line = f"{word}  {finding.name:<10}  {finding.message}"
        return f"{line} {finding.advice}" if finding.advice else line


def _outside(address: str | None) -> list[Finding]:
    """What is asked of a production installation alone, and of the address that was named."""
    beside = [front.source()] if settings.PRODUCTION else []
    return [*beside, *([front.https(address)] if address else [])]
