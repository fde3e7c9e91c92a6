"""The clinic's access log, as its administrator searches and exports it."""

from __future__ import annotations

import csv
import io
import re
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import access_log
from accounts.models import AccessLogEntry, Purpose, User
from sessions_app.dashboard import access_log_csv, accesses
from sessions_app.dashboard.access_log_form import ACTIONS, DONE
from sessions_app.dashboard.access_words import did_words
from tests.pages import HTMX, signed_in, text
from tests.tampering import ENTRIES, TAMPERED, tamper
from tests.world import World

PAGE, EXPORT = "/clinic/access-log/", "/clinic/access-log/export/"


def looked(actor: User, **about: Any) -> AccessLogEntry:
    return access_log.record(actor=actor, **{"action": "read", "object_kind": "patient"} | about)


def searched(world: World, **asked: Any) -> str:
    return text(signed_in(world.ada).post(PAGE, asked))


def exported(world: World, **asked: Any) -> list[dict[str, str]]:
    response = signed_in(world.ada).post(EXPORT, asked)
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(body(response))))


def body(response: HttpResponse) -> str:
    with warnings.catch_warnings():
        # The test client serves without an event loop and reads the whole stream at once.
        warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume asynchronous")
        return b"".join(response).decode()


@pytest.mark.parametrize("who", ["alice", "sam", "robot"])
@pytest.mark.parametrize("address", [PAGE, EXPORT])
def test_only_the_administrator_may_look_and_a_try_is_recorded(world: World, who: str, address: str) -> None:
    user = getattr(world, who)
    assert signed_in(user).post(address).status_code == 403
    assert AccessLogEntry.objects.filter(actor_id=user.id, allowed=False, action="read_access_log").count() == 1


def test_a_row_says_who_did_what_on_which_patient_and_from_where(world: World) -> None:
    signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/", REMOTE_ADDR="203.0.113.5")
    page = text(signed_in(world.ada).get(PAGE))
    assert re.search(
        rf"Alice Counselor \d+ \w+ \d+, [\d:]+ Read patient {world.alices_patient.reference} Care 203\.0\.113\.5", page
    )


def test_no_patient_is_named(world: World) -> None:
    looked(world.alice, patient_id=world.alices_patient.id)
    page = text(signed_in(world.ada).get(PAGE))
    assert world.alices_patient.reference in page
    assert "Alder" not in page
    assert "Robin" not in page


def test_a_patient_who_is_gone_is_shown_by_the_beginning_of_the_id(world: World) -> None:
    looked(world.alice, patient_id=world.alices_patient.id)
    short = str(world.alices_patient.id)[:8]
    world.alices_patient.consents.all().delete()
    world.alices_patient.delete()
    assert short in text(signed_in(world.ada).get(PAGE))


def test_another_clinics_rows_stay_its_own(world: World) -> None:
    looked(world.mallory, patient_id=world.mallorys_patient.id)
    access_log.record_failed_sign_in(None)
    page = text(signed_in(world.ada).get(PAGE))
    assert "Mallory" not in page
    assert "unknown" not in page
    assert exported(world, action="read") == []


def test_another_clinics_people_and_patients_cannot_be_searched_for(world: World) -> None:
    client = signed_in(world.ada)
    assert client.post(PAGE, {"person": world.mallory.id}).status_code == 422
    answer = client.post(PAGE, {"patient": world.mallorys_patient.reference})
    assert answer.status_code == 422
    assert "No patient of this clinic has this number." in answer.content.decode()


def test_a_search_is_narrowed_by_each_field(world: World) -> None:
    looked(world.alice, patient_id=world.alices_patient.id)
    looked(world.sam, action="upload", object_kind="recording", patient_id=world.bobs_patient.id)
    looked(world.bob, allowed=False, patient_id=world.alices_patient.id)
    looked(world.robot, action="list")
    found = {
        "person": (str(world.sam.id), {"Sam"}),
        "action": ("upload", {"Sam"}),
        "purpose": (Purpose.DISCLOSURE, {"EHR"}),
        "patient": (world.alices_patient.reference.lower(), {"Alice", "Bob"}),
        "refused": ("on", {"Bob"}),
    }
    for field, (value, expected) in found.items():
        who = {row["actor"] for row in exported(world, **{field: value})} - {"Ada"}
        assert who == expected, field


@TAMPERED
def test_days_are_those_of_the_clinics_time_zone(world: World) -> None:
    world.clinic.time_zone = "Pacific/Kiritimati"
    world.clinic.save()
    row = looked(world.alice)
    # One minute before the clinic's midnight of 2 March, and fourteen hours before that of Greenwich.
    tamper(f"UPDATE {ENTRIES} SET at = '2026-03-02 09:59:00+00' WHERE id = {row.id}")
    for since, until, expected in (
        ("2026-03-02", "2026-03-02", 1),
        ("2026-03-03", "2026-03-03", 0),
        ("2026-03-01", "2026-03-01", 0),
        ("", "2026-03-02", 1),
    ):
        rows = exported(world, since=since, until=until, action="read")
        assert len(rows) == expected, (since, until)


def test_a_day_that_is_none_is_a_sentence_beside_the_field(world: World) -> None:
    answer = signed_in(world.ada).post(PAGE, {"since": "yesterday"})
    assert answer.status_code == 422
    assert "Enter a valid date." in answer.content.decode()


def test_pages_follow_each_other_without_gap_or_repetition(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accesses, "PAGE_SIZE", 3)
    written = [looked(world.alice, action="upload", object_kind=f"kind_{number}") for number in range(7)]
    client, seen, after = signed_in(world.ada), [], ""
    for _ in range(3):
        part = client.post(PAGE, {"action": "upload", "after": after}, headers=HTMX).content.decode()
        assert "<h1" not in part
        seen += re.findall(r"kind (\d)", part)
        more = re.search(r'name="after" value="(\d+)"', part)
        after = more[1] if more else ""
    assert seen == [str(number) for number in reversed(range(len(written)))]
    assert after == ""


def test_a_search_goes_on_as_it_was_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accesses, "PAGE_SIZE", 1)
    for _ in range(2):
        looked(world.alice, patient_id=world.alices_patient.id)
    number = world.alices_patient.reference
    page = signed_in(world.ada).post(PAGE, {"patient": number, "refused": ""}).content.decode()
    assert f'<input type="hidden" name="patient" value="{number}"' in page


def test_its_queries_do_not_grow_with_its_rows(world: World) -> None:
    client, counts = signed_in(world.ada), []
    for more in (1, 20):
        for _ in range(more):
            looked(world.alice, patient_id=world.alices_patient.id)
            looked(world.bob, patient_id=world.bobs_patient.id)
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_looking_and_exporting_are_in_the_log(world: World) -> None:
    client = signed_in(world.ada)
    client.get(PAGE)
    client.post(EXPORT, {"patient": world.alices_patient.reference})
    rows = AccessLogEntry.objects.filter(object_kind="access_log").order_by("id")
    assert list(rows.values_list("actor_id", "action", "purpose", "patient_id")) == [
        (world.ada.id, "list", "administration", None),
        (world.ada.id, "export", "administration", world.alices_patient.id),
    ]


def test_an_export_that_nobody_reads_to_its_end_is_in_the_log(world: World) -> None:
    signed_in(world.ada).post(EXPORT)
    assert AccessLogEntry.objects.filter(action="export").count() == 1


def test_an_export_holds_every_row_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log_csv, "BATCH", 3)
    written = [looked(world.alice).id for _ in range(7)]
    assert [int(row["row"]) for row in exported(world, action="read")] == written[::-1]


def test_an_export_says_all_that_a_row_says(world: World) -> None:
    row = looked(world.bob, object_id=world.alices_patient.id, allowed=False)
    (cells,) = exported(world, action="read")
    assert (cells["actor"], cells["role"], cells["allowed"]) == ("Bob", "counselor", "no")
    assert cells["patient"] == world.alices_patient.reference
    assert cells["patient_id"] == cells["object_id"] == str(world.alices_patient.id)
    assert cells["time_utc"] == row.at.isoformat()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_of_an_export_is_a_formula(world: World, start: str) -> None:
    name = f'{start}HYPERLINK("http://elsewhere.test","click")'
    User.objects.filter(id=world.alice.id).update(display_name=name)
    looked(world.alice)
    assert exported(world, action="read")[0]["actor"] == f"'{name}"


def test_an_export_is_sent_in_parts_and_kept_by_nobody(world: World) -> None:
    response = signed_in(world.ada).post(EXPORT)
    assert response.streaming
    assert response.is_async
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="access-log-')


def test_a_search_that_finds_nothing_says_so(world: World) -> None:
    tomorrow = timezone.localdate() + timedelta(days=2)
    assert "No row of this clinic’s log is like that." in searched(world, since=tomorrow.isoformat())


def test_whatever_the_code_writes_into_the_log_can_be_searched_for() -> None:
    files = [path for app in ("accounts", "sessions_app") for path in Path(app).rglob("*.py")]
    code = "".join(path.read_text() for path in files if "management" not in path.parts)
    written = set(re.findall(r'\baction="(\w+)"', code))
    written |= set(re.findall(r'\b_?log(?:_about)?\((?:[\w.]+, )*"(\w+)"', code))
    assert {"list", "list_analyses", "sign_in"} <= written
    assert written <= ACTIONS


@pytest.mark.parametrize("address", [PAGE, EXPORT])
def test_a_search_that_ends_before_it_begins_is_said_beside_the_field(world: World, address: str) -> None:
    response = signed_in(world.ada).post(address, {"since": "2026-03-03", "until": "2026-03-02"})
    assert response.status_code == 422
    beside = response.content.decode().split('name="until"')[1].split("</div>")[0]
    assert "This day lies before the one in “From”." in beside


def test_a_search_of_one_day_is_none_that_ends_before_it_begins(world: World) -> None:
    assert signed_in(world.ada).post(PAGE, {"since": "2026-03-02", "until": "2026-03-02"}).status_code == 200


TOLD_WHEN_DONE = DONE | {"break_glass", "listen", "remove_audio", "snapshot"}


@pytest.mark.parametrize("code", sorted(ACTIONS))
def test_what_can_only_be_refused_is_told_apart_from_what_was_done(code: str) -> None:
    words = did_words(code)
    assert words[0].isupper()
    assert words.startswith("Tried to ") == (code not in TOLD_WHEN_DONE)
    assert [other for other in ACTIONS if did_words(other).casefold() == words.casefold()] == [code]
