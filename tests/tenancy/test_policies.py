"""Row-level security alone: what the database shows when no query asks whose row it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, connections, models, transaction
from django.test import Client

import tenancy
from accounts import access_log
from accounts.models import AccessLogEntry, Clinic, ClinicChange, User, UserChange
from inference.models import Analysis, AnalysisJob, JobMove, Timeline
from sessions_app import notes
from sessions_app.models import (
    CareTeamChange,
    Consent,
    ConsentChange,
    Note,
    NoteKind,
    Patient,
    PatientChange,
    QuestionnaireChange,
    QuestionnaireResponse,
    Recording,
    RecordingChange,
    Session,
    SessionChange,
)
from sessions_app.models.scope import ScopedQuerySet
from tenancy import policies, roles
from tenancy.postgresql.base import DatabaseWrapper
from tests.pages import signed_in
from tests.world import QuestionnaireFactory, SessionFactory, World, analysed, annotation_of

pytestmark = pytest.mark.django_db

SHARED = {
    "accounts_accesslogseal": "hashes and numbers",
    "accounts_accesslogunsealed": "numbers",
    "auth_group": "empty",
    "auth_group_permissions": "empty",
    "auth_permission": "Django's own",
    "django_content_type": "Django's own",
    "django_migrations": "Django's own",
    "django_session": "random keys, and what is encrypted",
    "inference_jobtally": "counts",
    "inference_worker": "host names and process numbers",
    "pghistory_context": "empty",
    "sessions_app_doomedfile": "random names",
}
"""Tables without a clinic's rows, and what they hold."""

HOLDING = (
    Clinic,
    User,
    Patient,
    Consent,
    QuestionnaireResponse,
    Session,
    Recording,
    Note,
    AnalysisJob,
    JobMove,
    Analysis,
    Timeline,
    AccessLogEntry,
    Patient.care_team.through,
    ClinicChange,
    UserChange,
    PatientChange,
    CareTeamChange,
    ConsentChange,
    QuestionnaireChange,
    SessionChange,
    RecordingChange,
)


def fetch(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.fixture
def lives(world: World) -> World:
    """The small world, where both clinics have rows of every kind."""
    for patient in (world.alices_patient, world.mallorys_patient):
        QuestionnaireFactory(patient=patient)
        annotation_of(patient)
        analysed(SessionFactory(patient=patient))
    for user, patient in ((world.alice, world.alices_patient), (world.mallory, world.mallorys_patient)):
        notes.note_write(user=user, patient=patient, kind=NoteKind.PROGRESS, text="A note.")
    for user in (world.alice, world.mallory):
        access_log.record(actor=user, action="read", object_kind="patient", object_id=uuid4())
    return world


def test_every_table_has_a_forced_policy_or_is_shared_on_purpose() -> None:
    guarded = {
        table
        for (table,) in fetch(
            "SELECT tablename FROM pg_policies JOIN pg_class ON pg_class.oid = tablename::regclass"
            " WHERE policyname = 'only_own_clinic' AND relrowsecurity AND relforcerowsecurity AND cmd = 'ALL'"
        )
    }
    tables = {table for (table,) in fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert tables - guarded == set(SHARED)
    assert guarded == {guard.table for guard in policies.guards()}


def test_what_is_shared_names_no_clinic_and_no_person() -> None:
    columns = {
        (table, column)
        for table, column in fetch("SELECT table_name, column_name FROM information_schema.columns")
        if table in SHARED
    }
    telling = {"clinic_id", "tenant", "patient_id", "user_id", "actor_id", "subject"}
    assert not {column for _, column in columns} & telling


def test_the_application_owns_nothing_and_may_not_pass_by() -> None:
    ((privileged,),) = fetch(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    assert not privileged
    assert not fetch("SELECT relname FROM pg_class WHERE pg_has_role(session_user, relowner, 'MEMBER')")


@pytest.mark.parametrize("model", HOLDING)
def test_a_query_without_any_filter_finds_the_own_clinics_rows_alone(
    lives: World, model: type[models.Model], record_property: Callable[[str, object], None]
) -> None:
    every = {row.pk for row in model._base_manager.all()}
    with tenancy.acting_for(lives.clinic.id):
        ours = {row.pk for row in model._base_manager.all()}
    with tenancy.acting_for(lives.mallory.clinic_id):
        theirs = {row.pk for row in model._base_manager.all()}
    record_property("cross-tenant rows with filters removed", len(ours & theirs))
    assert ours
    assert theirs
    assert not ours & theirs
    assert ours | theirs == every


@pytest.mark.parametrize("model", HOLDING)
def test_code_that_has_not_said_for_whom_finds_nothing(lives: World, model: type[models.Model]) -> None:
    with tenancy.nobody():
        assert not model._base_manager.exists()


def test_a_row_cannot_be_put_into_another_clinic(lives: World) -> None:
    with (
        tenancy.acting_for(lives.clinic.id),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        Patient.objects.create(clinic_id=lives.mallory.clinic_id, reference="X-1", given_name="A", family_name="B")


def test_nor_moved_there(lives: World) -> None:
    with (
        tenancy.acting_for(lives.clinic.id),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        Patient.objects.filter(id=lives.alices_patient.id).update(clinic=lives.mallory.clinic_id)


def test_another_clinics_row_can_be_neither_changed_nor_deleted(lives: World) -> None:
    with tenancy.acting_for(lives.clinic.id):
        theirs = Patient.objects.filter(id=lives.mallorys_patient.id)
        assert theirs.update(given_name="Nobody") == 0
        assert Consent.objects.filter(patient=lives.mallorys_patient.id).delete()[0] == 0
    assert Consent.objects.filter(patient=lives.mallorys_patient).exists()


def test_pages_and_api_show_nothing_of_another_clinic_when_no_query_filters(
    lives: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScopedQuerySet, "visible_to", lambda rows, *_, **__: rows.all())
    client = signed_in(lives.alice)
    session = Session.objects.get(patient=lives.mallorys_patient)
    hidden = [f"/patients/{lives.mallorys_patient.id}/", f"/sessions/{session.id}/", f"/api/v1/sessions/{session.id}"]
    hidden += [f"/notes/{Note.objects.get(patient=lives.mallorys_patient).id}/"]
    shown = _places(lives, client)
    assert [client.get(path).status_code for path in hidden] == [404] * len(hidden)
    assert all(str(lives.mallorys_patient.id) not in page for page in shown)
    assert all(lives.mallorys_patient.family_name not in page for page in shown)


def _places(world: World, client: Client) -> Iterator[str]:
    for path in ("/", "/api/v1/patients", "/api/v1/sessions", "/api/v1/recordings", "/api/v1/analyses"):
        answer = client.get(path, follow=True)
        assert answer.status_code == 200, path
        # Ours are there, or nothing would be shown by theirs being away.
        page = answer.content.decode()
        assert str(world.alices_patient.id) in page or "/analyses" in path or "/recordings" in path
        yield page


@pytest.mark.django_db(transaction=True)
def test_what_was_said_ends_with_its_transaction(lives: World) -> None:
    with tenancy.acting_for(lives.clinic.id):
        assert Patient.objects.exists()
        with transaction.atomic():
            assert Patient.objects.exists()
    # The connection itself, past everything that Django puts in front of a statement.
    raw = connection.connection
    assert raw.execute("SELECT count(*) FROM sessions_app_patient").fetchone() == (0,)


def test_what_is_said_within_a_transaction_holds_for_each_statement(lives: World) -> None:
    with transaction.atomic():
        with tenancy.acting_for(lives.clinic.id):
            ours = Patient.objects.count()
        with tenancy.acting_for(lives.mallory.clinic_id), transaction.atomic():
            theirs = Patient.objects.count()
        with tenancy.nobody():
            assert Patient.objects.count() == 0
        assert Patient.objects.count() == ours + theirs


def test_many_rows_at_once_are_the_own_clinics_too(lives: World) -> None:
    with tenancy.acting_for(lives.clinic.id), connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE sessions_app_patient SET given_name = %s WHERE id = %s",
            [("Changed", lives.alices_patient.id), ("Changed", lives.mallorys_patient.id)],
        )
    changed = Patient.objects.filter(given_name="Changed")
    assert [patient.id for patient in changed] == [lives.alices_patient.id]


@contextmanager
def as_owner() -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection of its own, as the superuser; what it does is taken back."""
    address = {**connections["owner"].get_connection_params(), "dbname": connection.settings_dict["NAME"]}
    wanted = {name: address[name] for name in ("host", "port", "user", "password", "dbname") if name in address}
    with psycopg.connect(**wanted) as strong:
        yield strong
        strong.rollback()


def test_a_superuser_is_refused() -> None:
    with as_owner() as strong, pytest.raises(ImproperlyConfigured, match="superuser"):
        roles.refuse_unbound(strong)


def test_a_role_that_owns_a_guarded_table_is_refused() -> None:
    with as_owner() as strong:
        strong.execute("CREATE ROLE half_an_owner NOLOGIN")
        strong.execute("CREATE TABLE theirs (id int)")
        strong.execute("ALTER TABLE theirs ENABLE ROW LEVEL SECURITY")
        strong.execute("ALTER TABLE theirs OWNER TO half_an_owner")
        strong.execute("SET LOCAL SESSION AUTHORIZATION half_an_owner")
        with pytest.raises(ImproperlyConfigured, match="owns"):
            roles.refuse_unbound(strong)


def test_a_process_asks_before_it_uses_its_first_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    strong = DatabaseWrapper({**connections["owner"].settings_dict, "NAME": connection.settings_dict["NAME"]})
    monkeypatch.setattr(DatabaseWrapper, "bound", False)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_OWNER_URL"):
        strong.connect()


def test_a_response_that_streams_is_read_for_whom_it_was_asked(lives: World) -> None:
    def rows() -> Iterator[int]:
        yield Patient.objects.count()
        yield Patient.objects.count()

    with tenancy.acting_for(lives.clinic.id):
        ours = Patient.objects.count()
        streamed = tenancy.surrounding(rows())
    with tenancy.nobody():
        assert list(streamed) == [ours, ours]


def test_every_model_with_a_clinic_is_guarded() -> None:
    guarded = {guard.table for guard in policies.guards()}
    for model in apps.get_models():
        names = {field.name for field in model._meta.get_fields()}
        if names & {"clinic", "clinic_id", "tenant", "patient"} and model._meta.managed:
            assert model._meta.db_table in guarded, model
