"""Which tables hold a clinic's rows, and the policies by which PostgreSQL guards them.

A row belongs to a clinic by a column that names it (`COLUMNS`), or by the row with which it would be deleted: the
recording's session, the session's patient. A table that has neither is shared by all clinics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

COLUMNS = ("clinic_id", "tenant")
NAME = "only_own_clinic"

# An unset setting is an empty text, or NULL before the first one of a connection; neither is anybody's clinic.
_CLINIC = "NULLIF(current_setting('undertone.clinic', true), '')::uuid"
_EVERY = "current_setting('undertone.every_clinic', true) = 'on'"


@dataclass(frozen=True, slots=True)
class Guard:
    """A table of clinics' rows, and the SQL condition by which a row is the asking clinic's own."""

    table: str
    condition: str


def guards() -> list[Guard]:
    """Every table of clinics' rows, derived from the models."""
    found = ((model._meta.db_table, _condition(model)) for model in _models())
    return [Guard(table, condition) for table, condition in found if condition]


def install(connection: BaseDatabaseWrapper) -> None:
    """Give every such table its policy, which binds its owner too. Asks for the rights of the tables' owner."""
    with connection.cursor() as cursor:
        for guard in guards():
            for statement in _statements(guard, connection):
                cursor.execute(statement)


def _statements(guard: Guard, connection: BaseDatabaseWrapper) -> Iterator[str]:
    table = connection.ops.quote_name(guard.table)
    condition = f"{_EVERY} OR {guard.condition}"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"DROP POLICY IF EXISTS {NAME} ON {table}"
    yield f"CREATE POLICY {NAME} ON {table} USING ({condition}) WITH CHECK ({condition})"


def _models() -> Iterator[type[models.Model]]:
    every = apps.get_models(include_auto_created=True)
    return (model for model in every if model._meta.managed and not model._meta.proxy)


def _condition(model: type[models.Model]) -> str | None:
    """How a row of ``model`` is the asking clinic's own; ``None`` for a table that all clinics share."""
    table = f'"{model._meta.db_table}"'
    if model._meta.label == settings.TENANT_MODEL:
        return f'{table}."{_key(model)}" = {_CLINIC}'
    columns = {field.column for field in model._meta.local_concrete_fields}
    for column in COLUMNS:
        if column in columns:
            return f'{table}."{column}" = {_CLINIC}'
    for link in _belongings(model):
        parent = link.related_model
        if _condition(parent) is not None:
            # The parent's own policy decides whether it is there.
            other = f'"{parent._meta.db_table}"'
            same = f'{other}."{_key(parent)}" = {table}."{link.column}"'
            return f"EXISTS (SELECT 1 FROM {other} WHERE {same})"  # noqa: S608 - names of our own tables
    return None


def _belongings(model: type[models.Model]) -> Iterator[models.ForeignKey[models.Model, models.Model]]:
    for field in model._meta.local_concrete_fields:
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is models.CASCADE:
            yield field


def _key(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)
