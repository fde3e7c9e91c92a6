"""The chain over the access log: every row is sealed once, whoever writes at once and whatever is taken back."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from uuid import UUID

import pytest
from django.db import connection, transaction

from accounts import access_log, chain
from accounts.models import AccessLogEntry, AccessLogSeal, AccessLogUnsealed, User
from tenancy import every_clinic
from tests.world import World

WRITERS, ROWS = 6, 15


def looked(actor: User) -> AccessLogEntry:
    return access_log.record(actor=actor, action="read", object_kind="patient")


def whole() -> bool:
    """Whether every row has a seal, in a chain without a gap, and nothing waits for one."""
    seals = list(AccessLogSeal.objects.all())
    assert [seal.position for seal in seals] == list(range(1, len(seals) + 1))
    assert {seal.entry_id for seal in seals} == set(AccessLogEntry.objects.values_list("id", flat=True))
    before = [chain.GENESIS, *(seal.hash for seal in seals)]
    assert [seal.hash for seal in seals] == [
        chain.link_hash(seal, previous) for seal, previous in zip(seals, before, strict=False)
    ]
    return not AccessLogUnsealed.objects.exists()


def test_rows_wait_unsealed_until_they_are_sealed_once(world: World) -> None:
    rows = [looked(world.alice) for _ in range(3)]
    assert AccessLogUnsealed.objects.count() == 3
    assert chain.seal() == 3
    assert chain.seal() == 0
    assert whole()
    assert list(AccessLogSeal.objects.values_list("entry_id", flat=True)) == [row.id for row in rows]


def test_more_rows_than_are_sealed_at_a_time_make_one_chain(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 2)
    for _ in range(5):
        looked(world.alice)
    assert chain.seal() == 5
    assert whole()


def test_the_form_that_is_hashed_does_not_change() -> None:
    row = AccessLogEntry(
        id=7,
        at=datetime(2026, 11, 25, 9, 30, tzinfo=UTC),
        clinic_id=UUID(int=1),
        action="read",
        purpose="care",
        object_kind="patiënt",
        allowed=True,
    )
    said = (
        '{"action":"read","address":"","allowed":true,"at":"2026-11-25T09:30:00.000000+00:00",'
        '"clinic_id":"00000000-0000-0000-0000-000000000001","id":7,"object_kind":"pati\\u00ebnt","purpose":"care",'
        '"request_id":"","role":""}'
    )
    assert chain.row_hash(row) == hashlib.sha256(said.encode()).hexdigest()


@pytest.mark.django_db(transaction=True)
def test_many_who_write_while_two_seal_leave_one_whole_chain(world: World) -> None:
    done = Event()

    @every_clinic()
    def write(_: int) -> None:
        for _ in range(ROWS):
            looked(world.alice)
        connection.close()

    @every_clinic()
    def seal(_: int) -> None:
        while not done.is_set():
            chain.seal()
        connection.close()

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        sealers = [pool.submit(seal, number) for number in range(2)]
        list(pool.map(write, range(WRITERS)))
        done.set()
        for sealer in sealers:
            sealer.result()
    chain.seal()
    assert AccessLogEntry.objects.count() == WRITERS * ROWS
    assert whole()


@pytest.mark.django_db(transaction=True)
def test_a_row_whose_transaction_ends_late_is_sealed_after_those_that_came_later(world: World) -> None:
    written, sealed = Event(), Event()
    late: list[int] = []

    @every_clinic()
    def slow() -> None:
        with transaction.atomic():
            late.append(looked(world.bob).id)
            written.set()
            sealed.wait(20)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        end = pool.submit(slow)
        assert written.wait(20)
        quick = looked(world.alice).id
        # Nobody who writes waits for the sealing, and the sealing waits for nobody who writes.
        assert chain.seal() == 1
        sealed.set()
        end.result()
    chain.seal()
    assert late[0] < quick
    assert list(AccessLogSeal.objects.values_list("entry_id", flat=True)) == [quick, late[0]]
    assert whole()


@pytest.mark.django_db(transaction=True)
def test_what_was_taken_back_leaves_a_gap_in_the_numbers_and_none_in_the_chain(world: World) -> None:
    first = looked(world.alice)
    with transaction.atomic():
        looked(world.alice)
        transaction.set_rollback(True)
    last = looked(world.alice)
    assert last.id == first.id + 2
    assert chain.seal() == 2
    assert whole()


def test_a_row_that_somebody_asks_to_seal_again_is_not(world: World) -> None:
    row = looked(world.alice)
    chain.seal()
    AccessLogUnsealed.objects.create(entry_id=row.id)
    looked(world.alice)
    assert chain.seal() == 1
    assert AccessLogSeal.objects.count() == 2
