"""``manage.py demo``: a working clinic with synthetic patients, until Ctrl-C."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config.demo import CannotStart, Demo, reset
from config.environment import env
from config.places import ServiceUnavailable

DEFAULT_PORT = 8000


class Command(BaseCommand):
    help = "Start a clinic with synthetic patients: PostgreSQL, Redis, web server, worker and beat. Ctrl-C stops it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """``HOST`` and ``PORT`` may come from the environment too, as `make demo` passes them."""
        parser.add_argument("--host", default=env.str("HOST", default="") or "127.0.0.1")
        parser.add_argument("--port", default=env.str("PORT", default="") or str(DEFAULT_PORT))
        parser.add_argument("--reset", action="store_true", help="delete the demonstration's data instead of starting")

    def handle(self, *_: Any, host: str, port: str, reset: bool, **__: Any) -> None:
        """Run until stopped; trouble is one plain sentence and exit status 1."""
        try:
            self._reset() if reset else Demo(host=host, port=_number(port), folder=settings.DATA_DIR).run()
        except (CannotStart, ServiceUnavailable) as trouble:
            self.stderr.write(str(trouble))
            sys.exit(1)

    def _reset(self) -> None:
        reset(settings.DATA_DIR)
        self.stdout.write("The demonstration's data is deleted. 'make demo' starts with a fresh clinic.")


def _number(port: str) -> int:
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise CannotStart(f"PORT must be a number from 1 to 65535, not '{port}'.")
    return int(port)
