"""``manage.py seed_scale``: a large clinic of made-up rows, to measure pages with."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.management.plainly import errors_told_plainly
from sessions_app.scale.plan import ANALYSES, CLINIC_NAME, PATIENTS, SEED, Plan
from sessions_app.scale.seed import NotHere, tidy
from sessions_app.scale.seed import seed as seed_of

CONNECTIONS = 2


class Command(BaseCommand):
    help = "Make a large clinic of made-up rows for measuring; no score in it was heard. In development only."

    def add_arguments(self, parser: CommandParser) -> None:
        """How large, and what makes it the same each time."""
        parser.add_argument("--patients", type=int, default=PATIENTS, help="default: %(default)s")
        parser.add_argument("--analyses", type=int, default=ANALYSES, help="default: %(default)s")
        parser.add_argument(
            "--clinic", default=CLINIC_NAME, help="its name, which no clinic has yet (default: %(default)s)"
        )
        parser.add_argument("--seed", type=int, default=SEED, help="the same number makes the same rows")
        parser.add_argument(
            "--until", type=date.fromisoformat, help="the day that its sessions lead to (default: today)"
        )

    def handle(
        self, *_: Any, patients: int, analyses: int, clinic: str, seed: int, until: date | None, **__: Any
    ) -> None:
        """Make it and say how long that took; what is wrong is one plain sentence and exit status 1."""
        if patients < 1 or analyses < 1:
            raise CommandError("The numbers of patients and analyses are above zero.")
        plan = Plan(clinic, patients, analyses, seed, until or timezone.localdate())
        began = time.monotonic()
        try:
            with errors_told_plainly():
                made = seed_of(plan, connections_at_once=CONNECTIONS, say=self._say(plan))
                tidy()
        except NotHere as why:
            raise CommandError(str(why)) from why
        seconds = time.monotonic() - began
        what = f"{patients} patients and {analyses} analyses"
        self.stdout.write(f"Made up {what} in {seconds:.0f} s." if made else f"{what} are there already.")

    def _say(self, plan: Plan) -> Callable[[int], None]:
        def say(done: int) -> None:
            self.stderr.write(f"{done} of {plan.patients} patients")

        return say
