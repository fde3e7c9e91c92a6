"""Files whose end is written down before it comes."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class DoomedFileQuerySet(models.QuerySet["DoomedFile"]):
    """Questions about doomed files, answered with the database's clock."""

    def overdue(self) -> DoomedFileQuerySet:
        """Those that nobody can be busy with any more."""
        return self.filter(since__lt=Now() - timedelta(seconds=settings.DOOMED_FILE_SECONDS))


class DoomedFile(models.Model):
    """Delete this file unless a row has claimed it: see `sessions_app.files`. It says nothing of whose file it is."""

    name = models.CharField(max_length=200, unique=True, help_text="Name in the default storage.")
    since = models.DateTimeField(db_default=Now())

    objects = DoomedFileQuerySet.as_manager()

    def __str__(self) -> str:
        return f"doomed file {self.name}"
