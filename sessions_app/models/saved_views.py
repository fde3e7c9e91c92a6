"""How somebody wants to see the list of patients each time: never whom they look for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from accounts.models import User
from sessions_app.models.flags import FlagKind


class Order(models.TextChoices):
    """What the list is sorted by."""

    NEED = "need", gettext_lazy("Most in need first")
    NAME = "name", gettext_lazy("Name")
    LAST_SESSION = "last_session", gettext_lazy("Newest session first")


class SavedView(models.Model):
    """The view of one user. ``reason``: only patients with a flag of this kind; ``without_consent``: only those."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="saved_view")
    order = models.CharField(max_length=16, choices=Order, default=Order.NEED)
    reason = models.PositiveSmallIntegerField(choices=FlagKind, null=True, blank=True)
    without_consent = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"view of {self.user_id}"
