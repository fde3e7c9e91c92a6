"""What was changed in records: a table of changes for each kind of record, which triggers of django-pghistory write.

A row holds the record as it is after the change, or as it last was where it was removed; what it was before is the row
before. Only the columns that are named are kept. Rows are written by the triggers alone, and nobody changes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Func, Value
from pghistory.models import Event

ADDED, CHANGED, REMOVED = "added", "changed", "removed"

NUMBERS = "accounts_change_number"
"""The sequence that numbers all changes, of whatever kind, in the order in which they were made."""

OF_PATIENT = "SELECT clinic_id INTO NEW.clinic_id FROM sessions_app_patient WHERE id = NEW.patient_id;"
"""SQL that finds the clinic of a change that knows its patient."""

_STAMP = """
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'Rows of % are written by the changes themselves.', TG_TABLE_NAME;
    END IF;
    {whose}
    NEW.actor_id = NULLIF(current_setting('undertone.actor', true), '')::uuid;
    NEW.request_id = COALESCE(current_setting('undertone.request', true), '');
    RETURN NEW;
"""

M = TypeVar("M", bound=type[models.Model])


class Change(Event):
    """One change of one record. ``actor_id``: whose request it was; NULL where nobody asked or had signed in."""

    pgh_id = models.BigIntegerField(
        primary_key=True,
        db_default=Func(Value(NUMBERS), function="nextval", output_field=models.BigIntegerField()),
        editable=False,
    )
    actor_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.pgh_label} {self.pgh_id}"


def keeps_changes(
    name: str, *fields: str, whose: str, also: dict[str, models.Field[Any, Any]], removals: bool = True
) -> Callable[[M], M]:
    """Keep what becomes of the ``fields`` of a model in a model of its own, called ``name``.

    ``whose``: SQL that sets the ``clinic_id`` of a change, and the ``patient_id`` where it is about one; ``also``: what
    of the two is no field of the model. ``removals``: whether it is kept that a record was removed.
    """
    trackers = [pghistory.InsertEvent(ADDED), pghistory.UpdateEvent(CHANGED)]
    tracked: Callable[[M], M] = pghistory.track(
        *trackers,
        *([pghistory.DeleteEvent(REMOVED)] if removals else []),
        fields=list(fields),
        model_name=name,
        base_model=Change,
        attrs=also,
        meta={"ordering": ["-pgh_id"], "triggers": [_stamped(whose), _never_updated()]},
        obj_field=pghistory.ObjForeignKey(related_name="changes"),
        context_field=None,  # type: ignore[arg-type]  # allowed, as its documentation says
    )
    return tracked


def _stamped(whose: str) -> pgtrigger.Trigger:
    """Writes beside a change whose record it is, and who asked for it in which request (`tenancy.postgresql`)."""
    return pgtrigger.Trigger(
        name="stamped", when=pgtrigger.Before, operation=pgtrigger.Insert, func=_STAMP.format(whose=whose)
    )


def _never_updated() -> pgtrigger.Trigger:
    """Refuses it to the tables' owner too; `tenancy.roles` takes the right from the application's role by its name."""
    return pgtrigger.Trigger(
        name="no_update",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="RAISE EXCEPTION 'Rows of % are only ever added.', TG_TABLE_NAME;",
    )
