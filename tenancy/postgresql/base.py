"""Django's PostgreSQL backend, which tells the database with each statement for whom it is, and who asked for it.

The setting is local to a transaction, so that a pooled connection never carries it to somebody else. Where Django has
no transaction open, a statement and the setting before it go out as one message, which is one transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

import structlog
from django.db import transaction
from django.db.backends.postgresql import base
from psycopg import Connection

from tenancy import roles
from tenancy.scope import Scope, current

# Refused in a transaction that has failed, where a setting cannot be changed, and they show no row.
_NO_ROWS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What is taken for the id of a request. It becomes part of a statement, so it is not believed to be well-formed."""

Execute = Callable[[Any, Any, bool, dict[str, Any]], Any]


class DatabaseWrapper(base.DatabaseWrapper):
    """Connections of the application. The first of a process refuses a role that row-level security does not bind."""

    bound: ClassVar[bool] = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.execute_wrappers.append(for_whom)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """A connection. Raises `ImproperlyConfigured` where its role may pass by the policies."""
        connection: Connection[Any] = super().get_new_connection(conn_params)
        if not DatabaseWrapper.bound:
            roles.refuse_unbound(connection)
            DatabaseWrapper.bound = True
        return connection


def for_whom(execute: Execute, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run a statement for whom the running code acts."""
    if not isinstance(sql, str):
        sql = sql.as_string(context["cursor"].cursor)
    if sql.lstrip().upper().startswith(_NO_ROWS):
        return execute(sql, params, many, context)
    setting = _setting(current())
    if many:
        with transaction.atomic(using=context["connection"].alias):
            context["cursor"].cursor.execute(setting)
            return execute(sql, params, many, context)
    result = execute(f"{setting}; {sql}", params, many, context)
    # The first result is that of the setting.
    context["cursor"].nextset()
    return result


def _setting(scope: Scope) -> str:
    settings = {
        "undertone.clinic": scope.clinic or "",
        "undertone.every_clinic": "on" if scope.every else "",
        "undertone.actor": scope.actor or "",
        "undertone.request": _request_id(),
    }
    return "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())


def _request_id() -> str:
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    return request_id if REQUEST_ID.fullmatch(request_id) else ""
