"""``manage.py refresh_flags``: look at every patient of every clinic again, now. Beat does it once a day by itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import Clinic
from sessions_app import flags


class Command(BaseCommand):
    """For after rows were brought in past the services, for instance from a backup of an earlier version."""

    help = __doc__

    def handle(self, *_: Any, **__: Any) -> None:
        """Say how many patients there were."""
        for clinic in Clinic.objects.all():
            flags.flags_refresh_soon(clinic)
        looked_at = 0
        while found := flags.flags_refresh_due():
            looked_at += found
        self.stdout.write(f"Looked at {looked_at} patients.")
