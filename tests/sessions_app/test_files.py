"""Files come and go with their rows, whatever is killed, full or away in between."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from pytest_django import Settings

from sessions_app import files, recordings, storage, tasks, uploads
from sessions_app.errors import UploadTooSlow
from sessions_app.models import DoomedFile, Recording, Session
from tests.pages import signed_in
from tests.sessions_app.api.client import API, as_, problem
from tests.stack import REPOSITORY
from tests.world import SessionFactory, World

# Rows must really be committed, and other connections must see them.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "incoming")
    return tmp_path


@pytest.fixture
def session(world: World) -> Session:
    return SessionFactory(patient=world.alices_patient)


def upload(content: bytes = b"some sound") -> SimpleUploadedFile:
    return SimpleUploadedFile("monday.wav", content)


def on_disk(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def overdue() -> None:
    """Let the time pass in which somebody may be busy with a file."""
    DoomedFile.objects.update(since=Now() - timedelta(days=1))


def test_an_upload_leaves_one_file_and_no_doom(world: World, session: Session, media: Path) -> None:
    recording = uploads.recording_add(user=world.sam, session=session, upload=upload())
    assert on_disk(media) == [recording.file]
    assert not DoomedFile.objects.exists()


def test_before_a_file_gets_its_name_its_doom_is_committed(
    world: World, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[bool] = []
    rename = Path.rename

    def look_first(partial: Path, target: Path) -> Path:
        asked = Thread(target=lambda: known.append(_exists(f"recordings/{target.name}")))
        asked.start()
        asked.join()
        return rename(partial, target)

    monkeypatch.setattr(Path, "rename", look_first)
    uploads.recording_add(user=world.sam, session=session, upload=upload())
    assert known == [True]


def _exists(name: str) -> bool:
    try:
        return DoomedFile.objects.filter(name=name).exists()
    finally:
        connection.close()


KILLED = """
import os, django
django.setup()
from django.core.files.uploadedfile import SimpleUploadedFile
from accounts.models import Clinic
from sessions_app import files, storage
from tenancy import every_clinic
{before}
with every_clinic():
    clinic = Clinic.objects.create(name="North")
    with files.taken_in(SimpleUploadedFile("a.wav", b"some sound"), storage.RECORDINGS, clinic.id):
        os._exit(9)
"""
BEFORE_THE_RENAME = "import pathlib; pathlib.Path.rename = lambda *_: os._exit(9)"


@pytest.mark.parametrize(("before", "left"), [("", ""), (BEFORE_THE_RENAME, ".part")], ids=["after", "before"])
def test_a_process_killed_around_the_rename_leaves_a_file_that_is_deleted_later(
    media: Path, before: str, left: str
) -> None:
    environment = os.environ | {
        "DATABASE_URL": _this_database(),
        "MEDIA_ROOT": str(media),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(before=before)], cwd=REPOSITORY, env=environment, check=False
    )
    assert done.returncode == 9
    doomed = DoomedFile.objects.get()
    assert on_disk(media) == [doomed.name + left]
    tasks.tidy_files()
    assert on_disk(media) == [doomed.name + left]  # somebody may still be busy with it
    overdue()
    tasks.tidy_files()
    assert (on_disk(media), DoomedFile.objects.count()) == ([], 0)


def _this_database() -> str:
    name: str = connection.settings_dict["NAME"]
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


def test_a_file_that_no_row_knows_and_nobody_doomed_is_left_alone(media: Path) -> None:
    """As after a database was restored from an older backup."""
    path = media / "recordings/newer-than-the-backup"
    path.parent.mkdir()
    path.write_bytes(b"some sound")
    os.utime(path, (0, 0))
    tasks.tidy_files()
    assert on_disk(media) == ["recordings/newer-than-the-backup"]


def test_a_file_that_a_recording_names_is_kept_whatever_its_doom_says(
    world: World, session: Session, media: Path
) -> None:
    recording = uploads.recording_add(user=world.sam, session=session, upload=upload())
    DoomedFile.objects.create(name=recording.file)
    overdue()
    tasks.tidy_files()
    assert (on_disk(media), DoomedFile.objects.count()) == ([recording.file], 0)


def test_a_file_that_is_just_being_claimed_is_left_to_its_recording(
    world: World, session: Session, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = files.claim

    def tidied_meanwhile(name: str) -> None:
        claim(name)
        _elsewhere(files.tidy)

    monkeypatch.setattr("sessions_app.files.claim", tidied_meanwhile)
    overdue_at_once(monkeypatch)
    recording = uploads.recording_add(user=world.sam, session=session, upload=upload())
    assert on_disk(media) == [recording.file]


def test_an_upload_that_was_tidied_away_is_refused_and_leaves_no_recording(
    world: World, session: Session, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = storage.store

    def take_ages(*args: Any) -> storage.StoredFile:
        stored = store(*args)
        overdue()
        _elsewhere(files.tidy)
        return stored

    monkeypatch.setattr(storage, "store", take_ages)
    with pytest.raises(UploadTooSlow):
        uploads.recording_add(user=world.sam, session=session, upload=upload())
    assert (on_disk(media), Recording.objects.count()) == ([], 0)


def overdue_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.conf.settings.DOOMED_FILE_SECONDS", -1)


def _elsewhere(work: Any) -> None:
    """Do it on a connection of its own, as another process would."""

    def run() -> None:
        work()
        connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()


def test_two_that_tidy_at_once_do_not_wait_for_each_other(media: Path) -> None:
    DoomedFile.objects.create(name="recordings/one")
    overdue()
    held, done = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            DoomedFile.objects.select_for_update().get()
            held.set()
            done.wait(timeout=20)
        connection.close()

    thread = Thread(target=hold)
    thread.start()
    assert held.wait(timeout=20)
    started = time.monotonic()
    files.tidy()
    assert time.monotonic() - started < 5
    done.set()
    thread.join()
    assert DoomedFile.objects.count() == 1


def test_a_deleted_recording_row_takes_its_file_along(world: World, session: Session, media: Path) -> None:
    uploads.recording_add(user=world.sam, session=session, upload=upload()).delete()
    assert (on_disk(media), DoomedFile.objects.count()) == ([], 0)


def test_a_deletion_that_is_rolled_back_costs_no_file(world: World, session: Session, media: Path) -> None:
    recording = uploads.recording_add(user=world.sam, session=session, upload=upload())
    with suppress(ZeroDivisionError), transaction.atomic():
        recording.delete()
        raise ZeroDivisionError
    overdue()
    files.tidy()
    assert on_disk(media) == [recording.file]


def test_what_was_half_received_a_day_ago_goes_and_what_comes_in_stays(media: Path) -> None:
    for name in ("incoming/old", "recordings/old.part", "snapshots/old", "incoming/new", "recordings/new.part"):
        path = media / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"some")
        if path.stem == "old":
            os.utime(path, (0, 0))
    tasks.tidy_files()
    assert sorted(on_disk(media)) == ["incoming/new", "recordings/new.part"]


def test_the_name_is_made_durable_after_the_bytes(
    world: World, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").resolve().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    recording = uploads.recording_add(user=world.sam, session=session, upload=upload())
    assert synced == [recording.file.removeprefix("recordings/") + ".part", "recordings"]
    synced.clear()
    recordings.recording_delete(user=world.sam, recording=recording)
    assert synced == ["recordings"]


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def full_device(path: str | Path, *args: Any) -> int:
    return FILES_OPENED(path if Path(path).is_dir() else "/dev/full", os.O_WRONLY)


FILES_OPENED = os.open


@pytest.mark.parametrize(("call", "trouble"), [("fsync", no_room), ("open", full_device)])
def test_a_full_disk_is_said_to_a_program_and_leaves_nothing(
    world: World, session: Session, media: Path, monkeypatch: pytest.MonkeyPatch, call: str, trouble: Any
) -> None:
    client = as_(world.sam)
    with monkeypatch.context() as full:
        full.setattr(f"sessions_app.storage.os.{call}", trouble)
        response = client.post(f"{API}/recordings", {"session": session.id, "file": upload()})
    assert problem(response) == (507, "storage_full")
    assert (on_disk(media), Recording.objects.count(), DoomedFile.objects.count()) == ([], 0, 0)


def post(client: Any, world: World, content: bytes = b"some sound") -> Any:
    client.raise_request_exception = False
    form = {"held_at": "2026-03-02T09:00", "patient_channel": "", "file": upload(content)}
    return client.post(f"/patients/{world.alices_patient.id}/sessions/", form)


@pytest.mark.parametrize("size", [10, 4 * 1024**2], ids=["in memory", "spooled"])
def test_a_full_disk_is_said_to_a_person_and_leaves_nothing(
    world: World, media: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    client = signed_in(world.sam)
    with monkeypatch.context() as full:
        full.setattr("sessions_app.storage.os.fsync", no_room)
        response = post(client, world, b"x" * size)
    assert response.status_code == 507
    assert "The server has no room left. Please tell your administrator." in response.content.decode()
    assert "storage_full" in response.content.decode()
    assert (on_disk(media), Recording.objects.count(), DoomedFile.objects.count()) == ([], 0, 0)


@pytest.mark.parametrize("enforce_csrf_checks", [True, False])
def test_a_disk_that_fills_up_while_an_upload_comes_in_is_said_and_leaves_nothing(
    world: World, media: Path, monkeypatch: pytest.MonkeyPatch, enforce_csrf_checks: bool
) -> None:
    client = signed_in(world.sam)
    client.handler.enforce_csrf_checks = enforce_csrf_checks
    # Now the token's check is the first to look into the form, before any view.
    client.get(f"/patients/{world.alices_patient.id}/")
    with monkeypatch.context() as full:
        full.setattr(TemporaryFileUploadHandler, "receive_data_chunk", no_room)
        response = post(client, world, b"x" * 4 * 1024**2)
    assert (response.status_code, on_disk(media)) == (507, [])


def lose_the_database() -> None:
    """As when PostgreSQL is restarted."""
    with suppress(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture
def lost_while_storing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    store = storage.store

    def store_then_lose(*args: Any) -> storage.StoredFile:
        stored = store(*args)
        lose_the_database()
        return stored

    monkeypatch.setattr(storage, "store", store_then_lose)
    yield
    connection.close()


@pytest.mark.usefixtures("lost_while_storing")
def test_a_database_lost_while_an_upload_is_stored_is_said_to_a_program_and_leaves_nothing(
    world: World, session: Session, media: Path
) -> None:
    response = as_(world.sam).post(f"{API}/recordings", {"session": session.id, "file": upload()})
    assert problem(response) == (503, "database_unavailable")
    assert response["Retry-After"]
    assert (on_disk(media), Recording.objects.count(), DoomedFile.objects.count()) == ([], 0, 0)


@pytest.mark.usefixtures("lost_while_storing")
def test_a_database_lost_while_an_upload_is_stored_is_said_to_a_person_and_leaves_nothing(
    world: World, media: Path
) -> None:
    response = post(signed_in(world.sam), world)
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert "The database does not answer. Please try again soon." in response.content.decode()
    assert (on_disk(media), Recording.objects.count(), DoomedFile.objects.count()) == ([], 0, 0)


def test_a_doomed_file_is_no_orphan_to_whoever_compares_files_and_rows(media: Path) -> None:
    from sessions_app.storage_check import compare

    path = media / "recordings/one"
    path.parent.mkdir()
    path.write_bytes(b"some sound")
    os.utime(path, (0, 0))
    assert compare().orphans == ["recordings/one"]
    DoomedFile.objects.create(name="recordings/one")
    assert compare().orphans == []
