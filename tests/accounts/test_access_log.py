"""The rows of the access log: what they say, and that they are only ever added."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import access_log, chain
from accounts.models import AccessLogEntry, AccessLogSeal, Purpose, User
from tests.pages import signed_in
from tests.tampering import ENTRIES, SEALS, TAMPERED
from tests.world import PASSWORD, World


def looked(actor: User) -> AccessLogEntry:
    return access_log.record(actor=actor, action="read", object_kind="patient", object_id=uuid4())


@TAMPERED
@pytest.mark.parametrize("table", [ENTRIES, SEALS])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET {} = {}", "DELETE FROM {0}", "UPDATE {} SET {} = {} WHERE false", "TRUNCATE {0}", "MERGE"],
)
def test_the_database_refuses_whoever_asks_to_change_a_row(world: World, table: str, statement: str) -> None:
    looked(world.alice)
    chain.seal()
    if statement == "MERGE":
        statement = "MERGE INTO {0} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE"
    column = {ENTRIES: "id", SEALS: "position"}[table]
    owner = connections["owner"]
    with transaction.atomic(using="owner"), owner.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic(using="owner"):
            cursor.execute(statement.format(table, column, column))
        transaction.set_rollback(True, using="owner")
    assert AccessLogEntry.objects.count() == AccessLogSeal.objects.count() == 1


def test_neither_can_code_that_uses_the_model(world: World) -> None:
    entry = looked(world.alice)
    entry.action = "write"
    for change in (entry.save, entry.delete, AccessLogEntry.objects.all().delete):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            change()
    assert AccessLogEntry.objects.get().action == "read"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", [ENTRIES, SEALS])
@pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
def test_the_applications_role_cannot_even_with_the_triggers_switched_off(
    world: World, table: str, statement: str
) -> None:
    looked(world.alice)
    chain.seal()
    column = {ENTRIES: "id", SEALS: "position"}[table]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table])
        names = ",".join(name for (name,) in cursor.fetchall())
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [f"{{{names}}}"])
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(statement.format(table, column))


def test_the_time_of_a_row_is_the_databases_whatever_its_writer_says(world: World) -> None:
    long_ago = timezone.now() - timedelta(days=100)
    entry = AccessLogEntry.objects.create(
        at=long_ago, clinic_id=world.clinic.id, action="read", purpose="care", object_kind="patient", allowed=True
    )
    entry.refresh_from_db()
    assert abs(entry.at - timezone.now()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        ("alice", Purpose.CARE),
        ("sam", Purpose.CARE),
        ("ada", Purpose.ADMINISTRATION),
        ("robot", Purpose.DISCLOSURE),
    ],
)
def test_a_row_says_what_it_was_for(world: World, name: str, purpose: Purpose) -> None:
    assert looked(getattr(world, name)).purpose == purpose


def test_signing_in_and_out_leaves_a_row_each(world: World, client: Client) -> None:
    client.post("/sign-in/", {"username": world.alice.email, "password": PASSWORD}, REMOTE_ADDR="203.0.113.7")
    client.post("/sign-out/", REMOTE_ADDR="203.0.113.7")
    signed_out, signed_in_row = AccessLogEntry.objects.filter(object_kind="account")
    assert (signed_in_row.action, signed_out.action) == ("sign_in", "sign_out")
    for row in (signed_in_row, signed_out):
        assert (row.actor_id, row.clinic_id, row.role) == (world.alice.id, world.clinic.id, "counselor")
        assert (row.allowed, row.purpose, row.address) == (True, Purpose.ACCOUNT, "203.0.113.7")
        assert row.request_id


def test_a_failed_sign_in_is_nobodys_and_names_the_account(world: World, client: Client) -> None:
    client.post("/sign-in/", {"username": world.alice.email.upper(), "password": "wrong"})
    row = AccessLogEntry.objects.get()
    assert (row.action, row.allowed, row.actor_id, row.role) == ("sign_in", False, None, "")
    assert (row.clinic_id, row.object_id) == (world.clinic.id, world.alice.id)


def test_a_failed_sign_in_of_nobody_keeps_nothing_that_was_typed(world: World, client: Client) -> None:
    client.post("/sign-in/", {"username": "secret-password@clinic.test", "password": "wrong"})
    row = AccessLogEntry.objects.get()
    assert (row.clinic_id, row.object_id, row.allowed) == (None, None, False)
    assert "secret" not in "".join(map(str, AccessLogEntry.objects.values_list().get()))


def test_signing_out_twice_is_no_error(world: World) -> None:
    client = signed_in(world.alice)
    client.post("/sign-out/")
    client.post("/sign-out/")
    assert AccessLogEntry.objects.filter(action="sign_out").count() == 1


FORWARDED = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Real-IP": "2001:db8::7"}


@pytest.mark.parametrize(
    ("header", "address"),
    [("", "192.0.2.1"), ("X-Forwarded-For", "203.0.113.9"), ("X-Real-IP", "2001:db8::7"), ("X-Nothing", "")],
)
def test_only_the_header_that_is_trusted_says_where_a_request_came_from(
    world: World, settings: Settings, header: str, address: str
) -> None:
    settings.CLIENT_ADDRESS_HEADER = header
    signed_in(world.alice).get("/", headers=FORWARDED, REMOTE_ADDR="192.0.2.1")
    assert AccessLogEntry.objects.get().address == address


@pytest.mark.parametrize("said", ["unknown", "10.0.0.1:80", "<script>", "1" * 500, ""])
def test_what_is_no_address_is_left_out(world: World, settings: Settings, said: str) -> None:
    settings.CLIENT_ADDRESS_HEADER = "X-Real-IP"
    signed_in(world.alice).get("/", headers={"X-Real-IP": said})
    assert AccessLogEntry.objects.get().address == ""


def test_outside_a_request_there_is_no_address(world: World) -> None:
    signed_in(world.alice).get("/")
    assert looked(world.alice).address == ""


def test_asking_for_somebody_elses_patient_is_found_under_that_patient(world: World) -> None:
    signed_in(world.alice).get(f"/patients/{world.bobs_patient.id}/")
    row = AccessLogEntry.objects.get(patient_id=world.bobs_patient.id)
    assert (row.actor_id, row.allowed) == (world.alice.id, False)
