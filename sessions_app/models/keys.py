"""The keys that a clinic's files are encrypted with."""

from __future__ import annotations

import uuid

from django.db import models

from accounts.models import Clinic


class ClinicKey(models.Model):
    """One data key of one clinic, of no use without the master key. New files are encrypted with the newest.

    The name of a file says which key it was encrypted with: see `sessions_app.keys`. Without its row, what was
    encrypted with it is lost.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="keys")
    wrapped = models.BinaryField(help_text="The key, encrypted by the master key.")
    master = models.CharField(max_length=16, help_text="Fingerprint of that master key.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"key {self.id}"
