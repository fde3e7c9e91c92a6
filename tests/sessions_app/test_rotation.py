"""Keys are exchanged while files stay readable, and whoever was interrupted goes on where it was."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from pytest_django import Settings

from inference.models import AnalysisJob
from sessions_app import keys, notes, retention, rotation, storage, uploads
from sessions_app.models import ClinicKey, DoomedFile, Note, NoteKind, Recording
from sessions_app.storage_check import compare
from tests.world import SessionFactory, World, job_done

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def recording(world: World) -> Recording:
    """One whose analysis is done."""
    session = SessionFactory(patient=world.alices_patient)
    kept = uploads.recording_add(user=world.sam, session=session, upload=SimpleUploadedFile("a.wav", b"some sound"))
    job_done(kept.job_id)
    return kept


def rotate(*options: str) -> str:
    out = io.StringIO()
    call_command("rotate_keys", *options, stdout=out)
    return out.getvalue()


def new_master(settings: Settings) -> str:
    """Put another master key in the place of the one before, which is returned."""
    before = str(settings.MASTER_KEY)
    settings.MASTER_KEY = base64.b64encode(os.urandom(32)).decode()
    return before


def content(recording: Recording) -> bytes:
    recording.refresh_from_db()
    return storage.opened(recording.file).read()


@pytest.fixture
def note(world: World) -> Note:
    """A psychotherapy note, which no operator can read, and which stays readable for its author all the same."""
    about = {"user": world.alice, "patient": world.alices_patient}
    return notes.note_write(**about, kind=NoteKind.PSYCHOTHERAPY, text="Some words.")


def words(note: Note) -> str:
    return notes.text_of(Note.objects.get(id=note.id))


def test_notes_stay_readable_while_master_and_data_keys_are_exchanged(settings: Settings, note: Note) -> None:
    settings.MASTER_KEYS_OLD = [new_master(settings)]
    assert words(note) == "Some words."
    rotate("--data-keys")
    settings.MASTER_KEYS_OLD = []
    assert words(note) == "Some words."


def test_old_notes_are_encrypted_anew_on_request_and_only_once(note: Note) -> None:
    before = Note.objects.filter(id=note.id).values().get()
    assert "Notes encrypted with their clinics' newest keys: 1.\n" in rotate("--data-keys", "--files")
    after = Note.objects.filter(id=note.id).values().get()
    assert words(note) == "Some words."
    assert after["key_id"] == ClinicKey.objects.order_by("-created_at").values_list("id", flat=True)[0]
    assert {column for column in after if after[column] != before[column]} == {"key_id", "sealed"}
    assert "Notes encrypted with their clinics' newest keys: 0.\n" in rotate("--files")


def test_a_damaged_note_is_not_encrypted_anew_and_costs_no_other(world: World, note: Note) -> None:
    bad = notes.note_write(user=world.alice, patient=world.alices_patient, kind=NoteKind.PROGRESS, text="Bad.")
    Note.objects.filter(id=bad.id).update(sealed=b"rubbish")
    with pytest.raises(CommandError, match=r"Damaged or gone: 1 note\. 'manage.py doctor --storage' names them"):
        rotate("--data-keys", "--files")
    assert words(note) == "Some words."
    assert bytes(Note.objects.get(id=bad.id).sealed) == b"rubbish"
    assert Note.objects.get(id=note.id).key_id != bad.key_id


def test_a_new_master_key_takes_over_and_the_old_one_can_go(settings: Settings, recording: Recording) -> None:
    settings.MASTER_KEYS_OLD = [new_master(settings)]
    assert content(recording) == b"some sound"
    assert rotate() == "Encrypted with today's master key: 1 key.\n"
    settings.MASTER_KEYS_OLD = []
    assert content(recording) == b"some sound"
    assert rotate() == "Encrypted with today's master key: 0 keys.\n"


def test_servers_that_were_not_restarted_yet_go_on_when_they_were_told_of_the_new_key(
    settings: Settings, recording: Recording
) -> None:
    before = new_master(settings)
    after = settings.MASTER_KEY
    settings.MASTER_KEYS_OLD = [before]
    rotate()
    settings.MASTER_KEY, settings.MASTER_KEYS_OLD = before, [after]
    assert content(recording) == b"some sound"


def test_without_the_old_master_key_nothing_is_changed_and_it_is_said(settings: Settings, recording: Recording) -> None:
    row = ClinicKey.objects.get()
    new_master(settings)
    with pytest.raises(CommandError, match="not in MASTER_KEY or MASTER_KEYS_OLD"):
        rotate()
    assert bytes(ClinicKey.objects.get().wrapped) == bytes(row.wrapped)


def test_a_new_data_key_is_for_new_files_and_old_ones_stay_readable(world: World, recording: Recording) -> None:
    assert "Given a new key for new files: 1 clinic.\n" in rotate("--data-keys")
    session = SessionFactory(patient=world.alices_patient)
    new = uploads.recording_add(user=world.sam, session=session, upload=SimpleUploadedFile("b.wav", b"more sound"))
    assert (content(recording), content(new)) == (b"some sound", b"more sound")
    assert not keys.is_newest(recording.file, world.clinic.id)
    assert keys.is_newest(new.file, world.clinic.id)


def test_old_files_are_encrypted_anew_on_request_and_only_once(world: World, recording: Recording, media: Path) -> None:
    before = recording.file
    told = rotate("--data-keys", "--files")
    assert told.endswith("Encrypted with their clinics' newest keys: 1 file.\n")
    assert content(recording) == b"some sound"
    assert recording.file != before
    assert keys.is_newest(recording.file, world.clinic.id)
    assert AnalysisJob.objects.get(id=recording.job_id).file == recording.file
    assert [str(file.relative_to(media)) for file in media.rglob("*") if file.is_file()] == [recording.file]
    assert not DoomedFile.objects.exists()
    assert compare().whole
    assert rotate("--files").endswith("newest keys: 0 files.\n")


def test_a_recording_that_waits_for_its_analysis_is_left_for_the_next_run(world: World, media: Path) -> None:
    session = SessionFactory(patient=world.alices_patient)
    upload = SimpleUploadedFile("a.wav", b"some sound")
    recording = uploads.recording_add(user=world.sam, session=session, upload=upload)
    before = recording.file
    assert "Left for the next run, because an analysis waits or runs: 1.\n" in rotate("--data-keys", "--files")
    recording.refresh_from_db()
    assert recording.file == before
    assert [str(file.relative_to(media)) for file in media.rglob("*") if file.is_file()] == [before]
    job_done(recording.job_id)
    assert rotate("--files").endswith("newest keys: 1 file.\n")


def test_whoever_was_interrupted_leaves_what_was_and_goes_on(
    recording: Recording, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = recording.file
    with monkeypatch.context() as broken:
        broken.setattr(rotation.files, "claim", lambda _: os.strerror(1 / 0))
        with pytest.raises(ZeroDivisionError):
            rotate("--data-keys", "--files")
    assert content(recording) == b"some sound"
    assert recording.file == before
    assert len([file for file in media.rglob("*") if file.is_file()]) == 1
    assert rotate("--files").endswith("newest keys: 1 file.\n")


def test_a_damaged_file_is_not_encrypted_anew_and_is_told(recording: Recording) -> None:
    Path(default_storage.path(recording.file)).write_bytes(b"rubbish")
    with pytest.raises(CommandError, match="Damaged or gone: 1 file"):
        rotate("--data-keys", "--files")


def test_a_recording_whose_audio_was_removed_keeps_no_other_from_being_encrypted_anew(
    world: World, recording: Recording
) -> None:
    session = SessionFactory(patient=world.alices_patient)
    removed = uploads.recording_add(user=world.sam, session=session, upload=SimpleUploadedFile("b.wav", b"more sound"))
    job_done(removed.job_id)
    retention.audio_remove(user=world.alice, recording=removed)
    rotation.data_keys_renew()
    assert rotation.files_reencrypt() == {"done": 1}
    assert content(recording) == b"some sound"
    assert keys.is_newest(recording.file, world.clinic.id)
