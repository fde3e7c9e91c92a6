"""What somebody does to the access log who has the database to themselves: raw SQL, past every trigger."""

from __future__ import annotations

from django.db import connection

ENTRIES, SEALS, UNSEALED = "accounts_accesslogentry", "accounts_accesslogseal", "accounts_accesslogunsealed"


def tamper(*statements: str) -> None:
    """Run ``statements`` as a superuser whom no trigger hinders."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = DEFAULT")
