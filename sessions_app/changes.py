"""What was changed in a patient's record, and in a clinic's people and settings: changes of every kind as one list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.changes import ADDED, REMOVED, Change
from accounts.models import Clinic, ClinicChange, UserChange
from sessions_app.models import (
    AnnotationChange,
    CareTeamChange,
    ConsentChange,
    Patient,
    PatientChange,
    QuestionnaireChange,
    RecordingChange,
    ReviewChange,
    SessionChange,
)

Row = dict[str, Any]
Tables = Mapping[str, type[Change]]

OF_PATIENTS: Tables = {
    "patient": PatientChange,
    "care_team": CareTeamChange,
    "consent": ConsentChange,
    "session": SessionChange,
    "recording": RecordingChange,
    "questionnaire": QuestionnaireChange,
    "review": ReviewChange,
    "annotation": AnnotationChange,
}
OF_CLINICS: Tables = {"account": UserChange, "clinic": ClinicChange}

NOT_OF_THE_RECORD = {"actor_id", "clinic_id", "earlier_id", "patient_id", "request_id"}
"""Columns of a change that say nothing of the record that was changed; and those of django-pghistory."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One field of a record; ``None`` where the record was not there."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One change of one record. ``state``: the record after it, or as it last was; ``earlier``: as it was before."""

    kind: str
    state: Row
    earlier: Row | None

    @property
    def number(self) -> int:
        """Rises with each change of whatever record."""
        return int(self.state["pgh_id"])

    @property
    def at(self) -> datetime:
        """When its transaction began, by the database's clock."""
        at: datetime = self.state["pgh_created_at"]
        return at

    @property
    def did(self) -> str:
        """``added``, ``changed`` or ``removed``."""
        return str(self.state["pgh_label"])

    @property
    def actor_id(self) -> UUID | None:
        """Whose request it was."""
        actor: UUID | None = self.state["actor_id"]
        return actor

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The fields that are not what they were. Of a record that was added or removed, those that say something."""
        return tuple(edit for edit in self._fields() if edit.before != edit.after and not _says_nothing(edit))

    def _fields(self) -> Iterator[Edit]:
        # What is put back after it was removed begins anew.
        before = {} if self.did == ADDED else self.state if self.did == REMOVED else self.earlier or {}
        after = {} if self.did == REMOVED else self.state
        for field in self.state:
            if not field.startswith("pgh_") and field not in NOT_OF_THE_RECORD:
                yield Edit(field, before.get(field), after.get(field))


def changes_of_patient(patient: Patient, *, after: int | None = None, size: int | None = None) -> list[RecordChange]:
    """The newest ``size`` changes of the patient's record, or all; those before the change of number ``after``."""
    return _newest(OF_PATIENTS, {"clinic_id": patient.clinic_id, "patient_id": patient.id}, after, size)


def changes_in_clinic(clinic: Clinic, *, after: int | None = None, size: int | None = None) -> list[RecordChange]:
    """The same of the clinic's people and settings."""
    return _newest(OF_CLINICS, {"clinic_id": clinic.id}, after, size)


def count_of_patient(patient: Patient) -> int:
    """How many changes of the patient's record are kept."""
    return sum(_all(table).filter(patient_id=patient.id).count() for table in OF_PATIENTS.values())


def _newest(tables: Tables, whose: Mapping[str, UUID], after: int | None, size: int | None) -> list[RecordChange]:
    """Two queries for each table, however many changes there are."""
    found = [(kind, row) for kind, table in tables.items() for row in _rows(table, whose, after, size)]
    found = sorted(found, key=lambda each: -each[1]["pgh_id"])[:size]
    earlier: dict[int, Row] = {}
    for kind, table in tables.items():
        wanted = [row["earlier_id"] for of, row in found if of == kind and row["earlier_id"]]
        earlier |= {row["pgh_id"]: row for row in _all(table).filter(pgh_id__in=wanted).values()}
    return [RecordChange(kind, row, earlier.get(row["earlier_id"])) for kind, row in found]


def _rows(table: type[Change], whose: Mapping[str, UUID], after: int | None, size: int | None) -> list[Row]:
    of_the_same = _all(table).filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
    earlier = Subquery(of_the_same.order_by("-pgh_id").values("pgh_id")[:1])
    found = _all(table).filter(**whose).annotate(earlier_id=earlier)
    if after is not None:
        found = found.filter(pgh_id__lt=after)
    return list(found.order_by("-pgh_id").values()[:size])


def _all(table: type[Change]) -> QuerySet[Any]:
    """Its rows have columns that `Change` does not name."""
    rows: QuerySet[Any] = table.objects.all()
    return rows


def _says_nothing(edit: Edit) -> bool:
    """Whether a record came or went without this."""
    said = edit.after if edit.before is None else edit.before
    return None in (edit.before, edit.after) and (said is False or said in (None, ""))
