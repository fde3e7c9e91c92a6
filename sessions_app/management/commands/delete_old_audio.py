"""``manage.py delete_old_audio``: remove the audio whose time is over, now. Beat does it by itself, once an hour."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import Clinic
from sessions_app.retention import audio_remove_old


class Command(BaseCommand):
    help = "Remove the audio of recordings that were analysed longer ago than their clinic keeps audio."

    def handle(self, *_: Any, **__: Any) -> None:
        """One line for each clinic."""
        for clinic in Clinic.objects.order_by("name"):
            removed = audio_remove_old(clinic=clinic)
            recordings = "1 recording" if removed == 1 else f"{removed} recordings"
            self.stdout.write(f"{clinic.name}: removed the audio of {recordings}.")
