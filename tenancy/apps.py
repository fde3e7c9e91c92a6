"""Policies and rights come with the tables: they are written again after every `migrate`."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class TenancyConfig(AppConfig):
    """Row-level security for every table of clinics' rows."""

    name = "tenancy"

    def ready(self) -> None:
        """Listen for the end of `migrate`."""
        post_migrate.connect(_guard_tables, sender=self)


def _guard_tables(*, using: str, **news: Any) -> None:
    from tenancy import policies, roles

    # `flush` sends this signal too, without a plan: it empties tables and makes none.
    if "plan" not in news:
        return
    policies.install(connections[using])
    roles.grant(connections[using], roles.application_role())
