"""Files and rows are compared byte for byte, and whatever does not agree is named."""

from __future__ import annotations

import hashlib
import io
import os
import time
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import OperationalError
from pytest_django.fixtures import Settings

from config import doctor
from inference.errors import FileDamaged
from sessions_app import notes
from sessions_app.models import ClinicKey, Note, NoteKind, Recording
from sessions_app.storage import GRACE_SECONDS
from sessions_app.storage_check import compare
from tests.stored import kept, raw, rewritten
from tests.world import ClinicFactory, RecordingFactory, World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def recording(content: bytes = b"sound") -> Recording:
    return RecordingFactory(file=kept(content), sha256=hashlib.sha256(content).hexdigest())


def age(name: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(default_storage.path(name), (then, then))


def test_what_is_as_it_was_uploaded_is_whole() -> None:
    recording()
    found = compare()
    assert found.whole
    assert found.checked == 1


@pytest.mark.parametrize("place", [0, 1, 50, -1])
def test_one_changed_byte_is_found(place: int) -> None:
    mine = recording()
    changed = bytearray(raw(mine.file))
    changed[place] ^= 1
    Path(default_storage.path(mine.file)).write_bytes(changed)
    assert compare().damaged == [mine.id]


def test_other_bytes_than_were_uploaded_are_found_though_they_are_properly_encrypted() -> None:
    mine = recording()
    rewritten(mine.file, b"Sound")
    assert compare().changed == [mine.id]


def test_files_that_were_exchanged_are_found() -> None:
    """Also of one clinic, whose key is the same."""
    clinic = ClinicFactory()
    one, other = kept(b"one", clinic=clinic), kept(b"other", clinic=clinic)
    mine = RecordingFactory(file=one, sha256=hashlib.sha256(b"other").hexdigest())
    Path(default_storage.path(other)).replace(default_storage.path(one))
    assert compare().damaged == [mine.id]


def test_a_plain_file_in_the_place_of_an_encrypted_one_is_found() -> None:
    mine = recording()
    Path(default_storage.path(mine.file)).write_bytes(b"sound")
    assert compare().damaged == [mine.id]


def note(world: World, text: str = "Some words.") -> Note:
    return notes.note_write(user=world.alice, patient=world.alices_patient, kind=NoteKind.PSYCHOTHERAPY, text=text)


def test_every_note_is_opened(world: World) -> None:
    note(world)
    found = compare()
    assert (found.whole, found.notes) == (True, 1)


def test_a_note_that_was_changed_or_exchanged_with_another_is_found_and_named(world: World) -> None:
    whole, changed, exchanged = (note(world, f"Some words, {which}.") for which in ("whole", "changed", "exchanged"))
    Note.objects.filter(id=changed.id).update(kind=NoteKind.PROGRESS)
    Note.objects.filter(id=exchanged.id).update(sealed=whole.sealed)
    found = compare()
    assert (found.notes, set(found.unreadable)) == (3, {changed.id, exchanged.id})
    finding = doctor.stored()
    assert not finding.ok
    assert "0 recordings and 3 notes read; 2 notes that cannot be opened: " in finding.message
    assert str(changed.id) in finding.message


def test_a_file_that_is_gone_is_found() -> None:
    mine = recording()
    default_storage.delete(mine.file)
    assert compare().missing == [mine.id]


def test_a_file_that_no_row_knows_is_an_orphan_once_it_cannot_be_coming_in_any_more() -> None:
    name = kept(b"sound")
    assert compare().whole
    age(name, GRACE_SECONDS + 60)
    assert compare().orphans == [name]


def test_one_clinics_missing_key_costs_no_other_clinic_its_check() -> None:
    locked, mine = recording(), recording(b"other sound")
    rewritten(mine.file, b"Other sound")
    of_it = ClinicKey.objects.filter(id=locked.file.rpartition("/")[2].partition(".")[0])
    assert of_it.update(master="of-another-key") == 1
    found = compare()
    assert (found.checked, found.locked, found.changed) == (2, [locked.id], [mine.id])
    told = doctor.stored()
    assert f"1 locked by a master key that is not here: {locked.id}" in told.message
    assert f"1 changed since upload: {mine.id}" in told.message
    assert "MASTER_KEYS_OLD" in told.advice


@pytest.mark.parametrize("trouble", [FileNotFoundError(), FileDamaged(), None])
def test_a_recording_that_is_deleted_while_it_is_read_is_nobodys_fault(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception | None
) -> None:
    mine = recording()

    def read(_: str) -> str:
        mine.delete()
        if trouble is not None:
            raise trouble
        return "of what was left"

    monkeypatch.setattr("sessions_app.storage.digest", read)
    assert compare().whole


def test_a_file_that_vanishes_while_they_are_listed_is_no_orphan(monkeypatch: pytest.MonkeyPatch) -> None:
    gone, orphan = kept(b"sound"), kept(b"other sound")
    for name in (gone, orphan):
        age(name, GRACE_SECONDS + 60)
    looked = Path.glob

    def listed_then_gone(folder: Path, pattern: str) -> list[Path]:
        found = list(looked(folder, pattern))
        Path(default_storage.path(gone)).unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Path, "glob", listed_then_gone)
    assert compare().orphans == [orphan]


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [(OperationalError(), "without the database"), (PermissionError(13, "Permission denied"), "(Permission denied)")],
)
def test_what_cannot_be_compared_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception, sentence: str
) -> None:
    def fail(_: str) -> str:
        raise trouble

    recording()
    monkeypatch.setattr("sessions_app.storage.digest", fail)
    finding = doctor.stored()
    assert not finding.ok
    assert sentence in finding.message


def test_the_doctor_reads_recordings_when_asked_and_names_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "QUESTIONS", ())
    mine = recording()
    default_storage.delete(mine.file)
    out = io.StringIO()
    call_command("doctor", stdout=out, no_color=True)
    assert out.getvalue() == ""
    with pytest.raises(SystemExit):
        call_command("doctor", "--storage", stdout=out, no_color=True)
    assert f"1 recording read; 1 gone: {mine.id}." in out.getvalue()
