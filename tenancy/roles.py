"""The role that the application connects as: bound by the policies, because it owns no table and is no superuser."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection

_UNBOUND = """
    SELECT rolname,
           rolsuper OR rolbypassrls,
           EXISTS (SELECT FROM pg_class WHERE relrowsecurity AND pg_has_role(session_user, relowner, 'MEMBER'))
    FROM pg_roles WHERE rolname = session_user
"""


def refuse_unbound(connection: Connection[Any]) -> None:
    """Raise `ImproperlyConfigured` if row-level security does not bind the role of ``connection``."""
    with connection.cursor() as cursor:
        name, privileged, owner = cursor.execute(_UNBOUND).fetchone() or ("", True, False)
    connection.rollback()
    if privileged or owner:
        why = "is a superuser or may bypass row-level security" if privileged else "owns Undertone's tables"
        raise ImproperlyConfigured(
            f"DATABASE_URL connects as '{name}', which {why}. One clinic could then see another's patients."
            " Connect as a role of its own, and give the owner's address as DATABASE_OWNER_URL (README, Configuration)."
        )


def application_role() -> str:
    """The name of the role in ``DATABASE_URL``. Raises `ImproperlyConfigured` where it names none."""
    name: str = settings.DATABASES["default"].get("USER", "")
    if not name:
        raise ImproperlyConfigured("DATABASE_URL names no role. Please write it as postgresql://role@host/name.")
    return name


_ONLY_ADDED_TO = """
    SELECT tgrelid::regclass::text FROM pg_trigger
    WHERE tgname LIKE 'pgtrigger_no_update_%' ORDER BY 1
"""
"""Tables where a trigger refuses it: ``no_update_or_delete``, or ``no_update`` where rows go with what they are about.

Any role can switch triggers of this kind off for itself (`pgtrigger.ignore`).
"""

_IN_THE_OWNERS_RIGHT = """
    SELECT oid::regprocedure::text FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace
"""
"""Functions that triggers of ours call. Whoever may use one may make it a trigger of a table of their own."""


def grant(connection: BaseDatabaseWrapper, role: str) -> None:
    """Let ``role`` read and write rows of every table, only add them where rows are only added, and nothing else."""
    name = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            raise ImproperlyConfigured(
                f"PostgreSQL has no role '{role}', as which DATABASE_URL connects."
                f" Make it first: CREATE ROLE {name} LOGIN PASSWORD '...';"
            )
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}")
        cursor.execute(_ONLY_ADDED_TO)
        for (table,) in cursor.fetchall():
            cursor.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {name}")
        cursor.execute(_IN_THE_OWNERS_RIGHT)
        for (function,) in cursor.fetchall():
            cursor.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC, {name}")
