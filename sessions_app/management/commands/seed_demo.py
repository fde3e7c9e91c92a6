"""``manage.py seed_demo``: make the synthetic clinic. `make demo` does it by itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from sessions_app.demo.seed import seed


class Command(BaseCommand):
    help = "Make the synthetic demonstration clinic, once."

    def handle(self, *_: Any, **__: Any) -> None:
        """Say whether it was made or was there already."""
        self.stdout.write("The synthetic clinic is made." if seed() else "The synthetic clinic was there already.")
