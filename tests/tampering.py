"""What somebody does to the access log who has the database to themselves: raw SQL, past every trigger."""

from __future__ import annotations

import pytest
from django.db import connections

ENTRIES, SEALS, UNSEALED = "accounts_accesslogentry", "accounts_accesslogseal", "accounts_accesslogunsealed"


TAMPERED = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
"""Tests in which somebody does: their rows are committed, so that a superuser's connection sees them."""


def tamper(*statements: str) -> None:
    """Run ``statements`` as a superuser whom no trigger hinders."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = DEFAULT")
