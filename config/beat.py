"""Where beat remembers when it last sent what."""

from __future__ import annotations

from pathlib import Path

from celery.beat import PersistentScheduler
from django.conf import settings


class Scheduler(PersistentScheduler):
    """Celery's own, in a folder that need not be there yet."""

    def setup_schedule(self) -> None:
        """Called once, before the first task is sent."""
        Path(settings.CELERY_BEAT_SCHEDULE_FILENAME).parent.mkdir(parents=True, exist_ok=True)
        super().setup_schedule()
