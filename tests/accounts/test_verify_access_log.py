"""Tampering with the access log is found, by somebody whom no trigger hinders too. `manage.py verify_access_log`."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts import access_log, anchors, chain, tasks, verification
from accounts.models import AccessLogEntry, AccessLogSeal, AccessLogUnsealed
from accounts.verification import Kind, verify
from tests.tampering import ENTRIES, SEALS, TAMPERED, UNSEALED, tamper
from tests.world import World

ROWS = 8

pytestmark = TAMPERED


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> Path:
    settings.ACCESS_LOG_ANCHORS = tmp_path / "outside" / "anchors"
    return settings.ACCESS_LOG_ANCHORS


@pytest.fixture
def rows(world: World, file: Path) -> list[int]:
    """The numbers of rows that are sealed and anchored."""
    written = [look(world) for _ in range(ROWS)]
    anchors.anchor()
    return written


def look(world: World) -> int:
    return access_log.record(actor=world.alice, action="read", object_kind="patient").id


def kinds() -> set[Kind]:
    return {finding.kind for finding in verify().findings}


def told() -> str:
    return " ".join(finding.sentence for finding in verify().findings)


def seal_anew(first: int) -> None:
    """Compute all seals from position ``first`` on again, over what the rows say now, without gaps."""
    seals = list(AccessLogSeal.objects.all())
    kept, before = [], chain.GENESIS
    entries = AccessLogEntry.objects.in_bulk()
    for seal in seals:
        if seal.entry_id not in entries:
            continue
        seal.position = len(kept) + 1
        if seal.position >= first:
            seal.row_hash = chain.row_hash(entries[seal.entry_id])
            seal.hash = chain.link_hash(seal, before)
        before = seal.hash
        kept.append(seal)
    tamper(f"DELETE FROM {SEALS}")
    AccessLogSeal.objects.bulk_create(kept)


def test_a_log_that_nobody_touched_is_whole(world: World, rows: list[int]) -> None:
    look(world)
    report = verify()
    assert (report.sealed, report.unsealed, len(report.anchors.found)) == (ROWS, 1, 1)
    assert report.findings == ()


def test_an_empty_log_is_whole(db: None, file: Path) -> None:
    assert verify().findings == ()
    assert anchors.anchor() is None
    assert not file.exists()


@pytest.mark.parametrize(
    "column", [field.attname for field in AccessLogEntry._meta.concrete_fields if field.attname != "id"]
)
def test_an_edit_of_any_column_is_found(rows: list[int], column: str) -> None:
    value: dict[str, Any] = {"at": "at - interval '1 microsecond'", "allowed": "NOT allowed"}
    new = value.get(column, "gen_random_uuid()" if column.endswith("_id") and column != "request_id" else "'x'")
    tamper(f"UPDATE {ENTRIES} SET {column} = {new} WHERE id = {rows[3]}")
    assert kinds() == {Kind.CHANGED}
    assert f"Row {rows[3]} does not say" in told()


def test_an_edit_whose_seal_was_edited_too_is_found(rows: list[int]) -> None:
    tamper(f"UPDATE {ENTRIES} SET action = 'x' WHERE id = {rows[3]}")
    forged = chain.row_hash(AccessLogEntry.objects.get(id=rows[3]))
    tamper(f"UPDATE {SEALS} SET row_hash = '{forged}' WHERE entry_id = {rows[3]}")
    assert kinds() == {Kind.MOVED}
    assert f"(row {rows[3]})" in told()


def test_an_edit_after_which_the_whole_chain_was_sealed_anew_is_found(rows: list[int]) -> None:
    tamper(f"UPDATE {ENTRIES} SET action = 'x' WHERE id = {rows[3]}")
    seal_anew(4)
    assert kinds() == {Kind.REWRITTEN}


def test_a_deleted_row_is_found(rows: list[int]) -> None:
    tamper(f"DELETE FROM {ENTRIES} WHERE id = {rows[3]}")
    assert kinds() == {Kind.MISSING}
    assert f"Row {rows[3]} is gone" in told()


def test_a_row_deleted_with_its_seal_is_found(rows: list[int]) -> None:
    tamper(*(f"DELETE FROM {table} WHERE {key} = {rows[3]}" for table, key in ((ENTRIES, "id"), (SEALS, "entry_id"))))
    assert kinds() == {Kind.MISSING}
    assert "Seal 4 is gone" in told()


def test_a_row_deleted_from_a_chain_that_was_closed_behind_it_is_found(rows: list[int]) -> None:
    tamper(f"DELETE FROM {ENTRIES} WHERE id = {rows[3]}")
    seal_anew(4)
    assert kinds() == {Kind.CUT_OFF}


def test_a_row_deleted_before_it_was_sealed_is_found_while_its_number_waits(world: World, rows: list[int]) -> None:
    unsealed = look(world)
    tamper(f"DELETE FROM {ENTRIES} WHERE id = {unsealed}")
    chain.seal()
    assert kinds() == {Kind.MISSING}
    assert f"Row {unsealed} is gone" in told()


def put_in(number: int, source: int, age: str = "0") -> None:
    columns = (
        "clinic_id, actor_id, role, action, purpose, object_kind, object_id, patient_id, allowed, request_id, address"
    )
    tamper(
        f"INSERT INTO {ENTRIES} (id, at, {columns})"
        f" SELECT {number}, at - interval '{age}', {columns} FROM {ENTRIES} WHERE id = {source}"
    )


def test_a_row_that_was_put_in_is_found(rows: list[int]) -> None:
    put_in(rows[0] - 1, rows[0])
    assert kinds() == {Kind.PUT_IN}
    assert f"Row {rows[0] - 1} has no seal" in told()


def test_a_row_that_was_put_in_and_left_to_be_sealed_is_found(rows: list[int]) -> None:
    put_in(rows[0] - 1, rows[0], age="3 days")
    AccessLogUnsealed.objects.create(entry_id=rows[0] - 1)
    chain.seal()
    assert kinds() == {Kind.PUT_IN}
    assert f"Row {rows[0] - 1} says" in told()


def test_a_row_that_was_put_in_with_a_seal_at_the_end_is_found(world: World, rows: list[int]) -> None:
    put_in(rows[0] - 1, rows[0])
    tamper(f"INSERT INTO {SEALS} VALUES ({ROWS + 1}, {rows[0] - 1}, now(), repeat('0', 64), repeat('0', 64))")
    assert {Kind.MOVED, Kind.CHANGED} == kinds()


def test_rows_that_were_exchanged_are_found(rows: list[int]) -> None:
    one, other = rows[2], rows[5]
    tamper(
        f"UPDATE {ENTRIES} SET id = -1 WHERE id = {one}",
        f"UPDATE {ENTRIES} SET id = {one} WHERE id = {other}",
        f"UPDATE {ENTRIES} SET id = {other} WHERE id = -1",
    )
    assert kinds() == {Kind.CHANGED}
    assert f"Row {one} " in told()
    assert f"Row {other} " in told()


def test_seals_that_were_exchanged_are_found(rows: list[int]) -> None:
    tamper(
        f"UPDATE {SEALS} SET position = -1 WHERE position = 3",
        f"UPDATE {SEALS} SET position = 3 WHERE position = 6",
        f"UPDATE {SEALS} SET position = 6 WHERE position = -1",
    )
    assert kinds() == {Kind.MOVED}


def test_rows_that_were_exchanged_and_sealed_anew_are_found(rows: list[int]) -> None:
    tamper(
        f"UPDATE {SEALS} SET entry_id = -1 WHERE position = 3",
        f"UPDATE {SEALS} SET entry_id = {rows[2]} WHERE position = 6",
        f"UPDATE {SEALS} SET entry_id = {rows[5]} WHERE position = 3",
    )
    seal_anew(3)
    assert kinds() == {Kind.REWRITTEN}


def cut_off(first: int) -> None:
    tamper(f"DELETE FROM {ENTRIES} WHERE id >= {first}", f"DELETE FROM {SEALS} WHERE entry_id >= {first}")


def test_a_cut_off_tail_is_found_by_its_anchor(rows: list[int]) -> None:
    cut_off(rows[5])
    assert kinds() == {Kind.CUT_OFF}
    assert f"ends at position 5, but reached {ROWS}" in told()


def test_a_whole_log_that_was_thrown_away_is_found(rows: list[int]) -> None:
    tamper(f"DELETE FROM {ENTRIES}", f"DELETE FROM {SEALS}", f"DELETE FROM {UNSEALED}")
    assert kinds() == {Kind.CUT_OFF}


def test_a_cut_off_tail_is_found_after_the_log_has_grown_again(world: World, rows: list[int]) -> None:
    cut_off(rows[5])
    for _ in range(ROWS):
        look(world)
    anchors.anchor()
    assert kinds() == {Kind.REWRITTEN}


def test_a_tail_behind_the_newest_anchor_is_not_found_as_the_manual_says(world: World, rows: list[int]) -> None:
    last = look(world)
    chain.seal()
    cut_off(last)
    assert kinds() == set()


def _exchange(one: int, other: int) -> None:
    tamper(
        f"UPDATE {SEALS} SET entry_id = -1 WHERE entry_id = {one}",
        f"UPDATE {SEALS} SET entry_id = {one} WHERE entry_id = {other}",
        f"UPDATE {SEALS} SET entry_id = {other} WHERE entry_id = -1",
    )


WAYS: dict[str, Callable[[list[int]], None]] = {
    "edited": lambda rows: tamper(f"UPDATE {ENTRIES} SET role = 'x' WHERE id = {rows[2]}"),
    "deleted": lambda rows: tamper(f"DELETE FROM {ENTRIES} WHERE id = {rows[2]}"),
    "put in": lambda rows: put_in(rows[0] - 1, rows[2]),
    "exchanged": lambda rows: _exchange(rows[2], rows[5]),
    "cut off": lambda rows: cut_off(rows[5]),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_kind_of_tampering_is_found(
    rows: list[int], way: str, record_property: Callable[[str, object], None]
) -> None:
    assert kinds() == set()
    WAYS[way](rows)
    found = kinds()
    record_property("tampering kinds found of 5", int(bool(found)))
    assert found


def test_anchors_that_were_taken_away_are_missed(rows: list[int], file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.unlink()
    assert kinds() == set()
    monkeypatch.setattr(verification, "UNANCHORED", -verification.LATE)
    assert kinds() == {Kind.NO_ANCHOR}


def test_an_edited_anchor_does_not_fit(rows: list[int], file: Path) -> None:
    file.write_text(file.read_text().replace('"hash": "', '"hash": "f')[:-4] + '"}\n')
    assert kinds() == {Kind.REWRITTEN}


def test_findings_do_not_end_with_the_first_batch(rows: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "BATCH", 3)
    assert verify().sealed == ROWS
    assert kinds() == set()
    tamper(f"UPDATE {ENTRIES} SET action = 'x' WHERE id IN ({rows[1]}, {rows[7]})")
    assert len(verify().findings) == 2


def test_an_anchor_written_while_the_log_is_verified_is_no_tampering(
    world: World, rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_more_is_written() -> anchors.Anchors:
        look(world)
        anchors.anchor()
        return anchors.anchors()

    monkeypatch.setattr(verification, "anchors", one_more_is_written)
    assert verify().findings == ()


def test_an_anchor_is_written_once_per_head(world: World, rows: list[int], file: Path) -> None:
    tasks.anchor()
    assert len(file.read_text().splitlines()) == 1
    look(world)
    tasks.anchor()
    assert [anchor.position for anchor in anchors.anchors().found] == [ROWS, ROWS + 1]


def test_a_line_that_was_half_written_costs_no_other(world: World, rows: list[int], file: Path) -> None:
    with file.open("a") as stream:
        stream.write('{"at": "2026-')
    look(world)
    anchors.anchor()
    found = anchors.anchors()
    assert ([anchor.position for anchor in found.found], found.unreadable) == ([ROWS, ROWS + 1], 1)
    assert kinds() == set()


def run() -> tuple[str, int]:
    out = io.StringIO()
    try:
        call_command("verify_access_log", stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


def test_the_command_says_what_it_checked(world: World, rows: list[int]) -> None:
    look(world)
    page, status = run()
    assert status == 0
    assert f"Checked: sealed rows {ROWS}, anchors 1." in page
    assert "still wait to be sealed: rows 1." in page
    assert "No row that was sealed was changed" in page


def test_the_command_ends_with_1_and_names_the_rows(rows: list[int]) -> None:
    tamper(f"UPDATE {ENTRIES} SET role = 'x' WHERE id = {rows[3]}", f"DELETE FROM {ENTRIES} WHERE id = {rows[6]}")
    page, status = run()
    assert status == 1
    assert "tampered with. Findings: 2." in page
    assert f"changed    Row {rows[3]}" in page
    assert f"missing    Row {rows[6]}" in page


def test_a_long_list_of_findings_is_cut_short(rows: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.management.commands.verify_access_log.SHOWN", 3)
    tamper(f"UPDATE {ENTRIES} SET role = 'x'")
    assert f"changed    and {ROWS - 3} more" in run()[0]


def test_a_file_that_cannot_be_written_or_read_is_one_sentence(
    rows: list[int], settings: Settings, tmp_path: Path
) -> None:
    settings.ACCESS_LOG_ANCHORS = tmp_path
    for command, word in (("anchor_access_log", "written"), ("verify_access_log", "read")):
        with pytest.raises(CommandError, match=rf"cannot be (read|{word}): Is a directory"):
            call_command(command)
