"""Every parent of a row is of the row's own clinic, or PostgreSQL refuses the row.

Generated from the models' foreign keys, and tried in SQL as the application's role.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

import tenancy
from accounts.api_tokens import api_token_make
from accounts.models import Clinic, EmergencyAccess, Invitation, Role, User
from sessions_app.keys import clinic_key_add
from sessions_app.models import (
    Confirmation,
    CounselorVoice,
    ErasureReport,
    NoteKind,
    Patient,
    Reason,
    SavedView,
    Verdict,
)
from sessions_app.notes import note_write
from sessions_app.reviews import review_set
from tenancy import policies
from tests.world import QuestionnaireFactory, SessionFactory, World, analysed, annotation_of, flag_of

pytestmark = pytest.mark.django_db

GUARDED = {guard.table for guard in policies.guards()}


@dataclass(frozen=True)
class Link:
    """A column of ``model`` that names a row of ``parent``, which is a clinic's too."""

    model: type[models.Model]
    column: str
    parent: type[models.Model]

    def __str__(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"


def links() -> list[Link]:
    """All but of rows that outlive what they name: only triggers write them (`tests/sessions_app/test_changes.py`)."""
    every = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in GUARDED]
    return [
        Link(model, field.column, field.related_model)
        for model in every
        if not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.ForeignKey)
        and field.db_constraint
        and field.related_model._meta.db_table in GUARDED
    ]


def to_another() -> list[Link]:
    return [link for link in links() if link.parent is not link.model]


def to_its_own_kind() -> list[Link]:
    return [link for link in links() if link.parent is link.model]


@pytest.fixture
def everything(world: World) -> World:
    """A row of every kind in both clinics."""
    for user, patient in ((world.alice, world.alices_patient), (world.mallory, world.mallorys_patient)):
        _of_people(user)
        _of_patients(user, patient)
    return world


def _of_people(user: User) -> None:
    later = timezone.now() + timedelta(days=1)
    address = EmailAddress.objects.create(user=user, email=user.email)
    EmailConfirmation.objects.create(email_address=address, key=str(user.id))
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    UserSession.objects.create(user=user, ip="203.0.113.1", session_key=user.id.hex)
    api_token_make(user=user)
    SavedView.objects.create(user=user)
    CounselorVoice.objects.create(counselor=user, file="voices/none", size=1, speech_seconds=1.0)
    clinic_key_add(clinic_id=user.clinic_id)
    Invitation.objects.create(
        clinic=user.clinic,
        email="new@clinic.test",
        role=Role.STAFF,
        account=user,
        invited_by=user,
        secret_hash=user.id.hex,
        expires_at=later,
    )


def _of_patients(user: User, patient: Patient) -> None:
    QuestionnaireFactory(patient=patient)
    flag_of(patient)
    annotation_of(patient)
    recording = analysed(SessionFactory(patient=patient))
    note_write(user=user, patient=patient, kind=NoteKind.PROGRESS, text="A note.")
    Confirmation.objects.create(analysis=recording.analysis, confirmed_by=user)
    # With a note, for only then has a review a key.
    said: dict[str, Any] = {"verdict": Verdict.AGREE, "reason": Reason.NONE, "note": "A note."}
    review_set(user=user, recording=recording, seen=recording.analysis_id, **said)
    ErasureReport.objects.create(clinic=user.clinic, patient_id=patient.id, erased_by=user, counts={})
    EmergencyAccess.objects.create(
        clinic=user.clinic, user=user, patient_id=patient.id, reason="A reason", ends_at=timezone.now()
    )


def row_of(model: type[models.Model], clinic: Clinic) -> dict[str, Any]:
    """One row of ``clinic``, by column, as that clinic sees it; without what PostgreSQL makes of the others itself."""
    written = [field.column for field in model._meta.local_concrete_fields if not field.generated]
    columns = ", ".join(map(connection.ops.quote_name, written))
    with tenancy.acting_for(clinic.id), connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {connection.ops.quote_name(model._meta.db_table)} LIMIT 1")
        found = cursor.fetchone()
        assert found, f"Please give both clinics a row of {model.__name__} in this test's world."
        return dict(zip([column.name for column in cursor.description], found, strict=True))


def refusal(statement: str, values: list[object], clinic: Clinic) -> str:
    """What PostgreSQL says to ``statement`` on behalf of ``clinic``; empty where it does as it is told."""
    try:
        with tenancy.acting_for(clinic.id), transaction.atomic(), connection.cursor() as cursor:
            # What is asked at the end of a transaction is asked here, where the row is written.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(statement, values)
    except DatabaseError as error:
        return str(error)
    return ""


def put(link: Link, key: object, world: World) -> str:
    """What PostgreSQL says to a copy of our row whose ``link`` names ``key``."""
    table = connection.ops.quote_name(link.model._meta.db_table)
    columns = row_of(link.model, world.clinic) | {link.column: key}
    names = ", ".join(connection.ops.quote_name(name) for name in columns if name != link.column)
    statement = (
        f"INSERT INTO {table} ({names}, {connection.ops.quote_name(link.column)})"
        f" SELECT {names}, %s FROM {table} LIMIT 1"
    )
    return refusal(statement, [key], world.clinic)


@pytest.mark.parametrize("link", to_another(), ids=str)
def test_no_row_can_be_made_beneath_another_clinics(everything: World, link: Link) -> None:
    theirs = row_of(link.parent, everything.mallory.clinic)[link.parent._meta.pk.column]
    assert "row-level security" in put(link, theirs, everything)


@pytest.mark.parametrize("link", links(), ids=str)
def test_beneath_its_own_clinics_it_can(everything: World, link: Link) -> None:
    ours = row_of(link.parent, everything.clinic)[link.parent._meta.pk.column]
    # The copy has the same key, so that nothing but row-level security comes before that.
    assert "row-level security" not in put(link, ours, everything)


@pytest.mark.parametrize("link", to_another(), ids=str)
def test_no_row_can_be_moved_beneath_another_clinics(everything: World, link: Link) -> None:
    theirs = row_of(link.parent, everything.mallory.clinic)[link.parent._meta.pk.column]
    table, column = (connection.ops.quote_name(name) for name in (link.model._meta.db_table, link.column))
    said = refusal(f"UPDATE {table} SET {column} = %s", [theirs], everything.clinic)
    assert "row-level security" in said or "permission denied" in said


@pytest.mark.parametrize("link", to_its_own_kind(), ids=str)
def test_no_row_names_one_of_its_own_kind_in_another_clinic(everything: World, link: Link) -> None:
    theirs = row_of(link.parent, everything.mallory.clinic)[link.parent._meta.pk.column]
    table, column = (connection.ops.quote_name(name) for name in (link.model._meta.db_table, link.column))
    said = refusal(f"UPDATE {table} SET {column} = %s", [theirs], everything.clinic)
    assert "violates foreign key constraint" in said


def test_every_kind_of_row_with_two_parents_is_among_them() -> None:
    listed = {str(link) for link in links()}
    assert {"sessions_app_recording.job_id", "sessions_app_patient_care_team.user_id"} <= listed
