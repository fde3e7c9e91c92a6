"""Which tables hold a clinic's rows, and the policies by which PostgreSQL guards them.

A row belongs to a clinic by a column that names it (`COLUMNS`), or by the row with which it would be deleted: the
recording's session, the session's patient. A table that has neither is shared by all clinics. Whatever else of a clinic
a row names, its job or whoever made it, must be of the same clinic: a row that mixes two is never written. A column
without a foreign key names what may be gone, and is not asked for: only changes of records have such, which no
statement writes. A policy cannot ask its own table: what names another row of its kind is held to the same patient by
a foreign key over two columns.
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
    """A table of clinics' rows, and two conditions in SQL.

    ``condition``: a row is the asking clinic's own. ``unmixed``: so is all else that it names, asked at each writing.
    """

    table: str
    condition: str
    unmixed: tuple[str, ...]


def guards() -> list[Guard]:
    """Every table of clinics' rows, derived from the models."""
    found = ((model, _condition(model)) for model in _models())
    return [Guard(model._meta.db_table, condition, _unmixed(model)) for model, condition in found if condition]


def install(connection: BaseDatabaseWrapper) -> None:
    """Give every such table its policy, which binds its owner too. Asks for the rights of the tables' owner."""
    with connection.cursor() as cursor:
        for guard in guards():
            for statement in _statements(guard, connection):
                cursor.execute(statement)


def _statements(guard: Guard, connection: BaseDatabaseWrapper) -> Iterator[str]:
    table = connection.ops.quote_name(guard.table)
    written = " AND ".join([guard.condition, *guard.unmixed])
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"DROP POLICY IF EXISTS {NAME} ON {table}"
    yield (
        f"CREATE POLICY {NAME} ON {table} USING ({_EVERY} OR {guard.condition}) WITH CHECK ({_EVERY} OR ({written}))"
    )


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
    for link in _links(model):
        if link.remote_field.on_delete is models.CASCADE and _condition(link.related_model) is not None:
            return _is_there(model, link)
    return None


def _unmixed(model: type[models.Model]) -> tuple[str, ...]:
    """For each row of a clinic that a row of ``model`` names, a condition that the asking clinic sees it."""
    found = []
    for link in _links(model):
        is_kept = link.db_constraint  # type: ignore[attr-defined]  # unknown to the stubs
        if is_kept and link.column not in COLUMNS and _condition(link.related_model) is not None:
            column = f'"{model._meta.db_table}"."{link.column}"'
            found.append(f"({column} IS NULL OR {_is_there(model, link)})")
    return tuple(found)


def _links(model: type[models.Model]) -> Iterator[models.ForeignKey[models.Model, models.Model]]:
    links = (field for field in model._meta.local_concrete_fields if isinstance(field, models.ForeignKey))
    return (link for link in links if link.related_model is not model)


def _is_there(model: type[models.Model], link: models.ForeignKey[models.Model, models.Model]) -> str:
    """The row that ``link`` names is there: its own policy decides whether it is."""
    parent = link.related_model
    table, other = f'"{model._meta.db_table}"', f'"{parent._meta.db_table}"'
    same = f'{other}."{_key(parent)}" = {table}."{link.column}"'
    return f"EXISTS (SELECT 1 FROM {other} WHERE {same})"  # noqa: S608 - names of our own tables


def _key(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)
