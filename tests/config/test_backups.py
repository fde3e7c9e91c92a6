"""What was copied is brought back whole into an empty place, and nowhere else."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connections
from psycopg import sql
from pytest_django import Settings

from config import backups
from sessions_app import notes, retention, rotation, uploads
from sessions_app.models import NoteKind, Recording
from tests.stack import REPOSITORY, drop_database, new_database
from tests.world import SessionFactory, World, analysed, job_done

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

COMPARED = "from sessions_app.storage_check import compare; print(compare())"


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def recordings(world: World) -> list[Recording]:
    """Two of one clinic, with different keys; an analysis; and a note."""
    analysed(SessionFactory(patient=world.bobs_patient)).delete()
    kept = []
    for content in (b"some sound", b"more sound"):
        session = SessionFactory(patient=world.alices_patient)
        kept.append(uploads.recording_add(user=world.sam, session=session, upload=SimpleUploadedFile("a.wav", content)))
        rotation.data_keys_renew()
    notes.note_write(user=world.alice, patient=world.alices_patient, kind=NoteKind.PROGRESS, text="Some words.")
    return kept


@pytest.fixture
def copy(recordings: list[Recording], tmp_path: Path) -> Path:
    call_command("backup", str(tmp_path / "copy"), stdout=io.StringIO())
    return tmp_path / "copy"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an empty database and an empty storage."""
    name = "undertone_restored"
    yield os.environ | new_database(name) | {"MEDIA_ROOT": str(tmp_path / "restored")}
    drop_database(name)


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def rows(database: psycopg.Connection) -> dict[str, list[str]]:
    """Each row of each table, as text."""
    found = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    query = "SELECT t::text FROM {} AS t ORDER BY 1"
    return {
        table: [row for (row,) in database.execute(sql.SQL(query).format(sql.Identifier(table))).fetchall()]
        for (table,) in found
    }


def test_every_table_and_every_file_comes_back(
    copy: Path, recordings: list[Recording], elsewhere: dict[str, str], media: Path, tmp_path: Path
) -> None:
    done = manage(elsewhere, "restore", str(copy))
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 files." in done.stdout
    with psycopg.connect(elsewhere["DATABASE_OWNER_URL"]) as restored:
        after = rows(restored)
    connections["owner"].ensure_connection()
    before = rows(connections["owner"].connection)
    assert len(before) > 20
    assert len(before["sessions_app_patient"]) == 3
    assert after == before
    assert contents(tmp_path / "restored") == contents(media)
    compared = manage(elsewhere, "shell", "--no-imports", "-c", COMPARED)
    wrong = "missing=[], damaged=[], changed=[], locked=[], orphans=[]"
    assert compared.stdout == f"StorageReport(checked=2, {wrong}, notes=1, unreadable=[])\n"
    again = manage(elsewhere, "restore", str(copy))
    assert again.returncode == 1
    assert again.stderr.endswith("The database holds tables already. Please name an empty one in DATABASE_URL.\n")


def test_a_copy_holds_files_as_they_lie_and_no_key_that_opens_them(copy: Path, media: Path, settings: Settings) -> None:
    assert contents(copy / "files") == contents(media)
    everything = b"".join(contents(copy).values())
    assert str(settings.MASTER_KEY).encode() not in everything
    assert base64.b64decode(str(settings.MASTER_KEY)) not in everything
    assert {file.stat().st_mode & 0o077 for file in (copy, *copy.rglob("*")) if not file.is_dir() or file == copy} == {
        0
    }


def test_a_recording_whose_audio_was_removed_is_copied_without_it(
    world: World, recordings: list[Recording], elsewhere: dict[str, str], tmp_path: Path
) -> None:
    job_done(recordings[0].job_id)
    retention.audio_remove(user=world.alice, recording=recordings[0])
    call_command("backup", str(tmp_path / "copy"), stdout=io.StringIO())
    done = manage(elsewhere, "restore", str(tmp_path / "copy"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 files." in done.stdout


def test_a_file_deleted_while_the_copy_is_made_is_told(
    recordings: list[Recording], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dumped = backups._dumped

    def then_delete(folder: Path) -> object:
        found = dumped(folder)
        default_storage.delete(recordings[0].file)
        return found

    monkeypatch.setattr(backups, "_dumped", then_delete)
    out = io.StringIO()
    call_command("backup", str(tmp_path / "copy"), stdout=out)
    assert "Not there to be copied: 1 files" in out.getvalue()
    assert json.loads((tmp_path / "copy" / "manifest.json").read_text())["gone"] == [recordings[0].file]


def test_what_comes_in_while_the_copy_is_made_is_in_neither_part(
    world: World, recordings: list[Recording], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dumped = backups._dumped

    def then_upload(folder: Path) -> object:
        found = dumped(folder)
        session = SessionFactory(patient=world.alices_patient)
        uploads.recording_add(user=world.sam, session=session, upload=SimpleUploadedFile("late.wav", b"late"))
        return found

    monkeypatch.setattr(backups, "_dumped", then_upload)
    made = backups.backup(tmp_path / "copy")
    assert made["tables"]["sessions_app_recording"] == 2
    assert set(made["files"]) == {recording.file for recording in recordings}


def test_a_backup_never_replaces_another(copy: Path) -> None:
    with pytest.raises(CommandError, match="is not empty"):
        call_command("backup", str(copy))


def change_a_file(copy: Path) -> None:
    file = next((copy / "files" / "recordings").iterdir())
    file.write_bytes(file.read_bytes()[:-1] + b"?")


def change_the_dump(copy: Path) -> None:
    with (copy / "database.dump").open("ab") as dump:
        dump.write(b"?")


def lose_a_file(copy: Path) -> None:
    next((copy / "files" / "recordings").iterdir()).unlink()


def lose_the_manifest(copy: Path) -> None:
    (copy / "manifest.json").unlink()


def name_another_place(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["../../secret"] = {"sha256": "", "size": 0}
    (copy / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (change_a_file, "is not what was copied"),
        (change_the_dump, "database.dump is not what was copied"),
        (lose_a_file, "is not what was copied"),
        (lose_the_manifest, "holds no whole backup"),
        (name_another_place, "lies outside of the backup"),
        (lambda _: None, "holds tables already"),
    ],
)
def test_what_must_not_be_restored_is_refused_in_a_sentence_and_changes_nothing(
    copy: Path, media: Path, harm: object, sentence: str
) -> None:
    harm(copy)  # type: ignore[operator]
    before = contents(media)
    with pytest.raises(CommandError, match=sentence):
        call_command("restore", str(copy))
    assert contents(media) == before


def test_a_backup_whose_master_key_is_not_here_is_refused(copy: Path, settings: Settings) -> None:
    settings.MASTER_KEY = base64.b64encode(bytes(32)).decode()
    with pytest.raises(CommandError, match=r"The master key [0-9a-f]{16} of this backup is not known here"):
        call_command("restore", str(copy))


def test_files_are_not_put_among_others(copy: Path, elsewhere: dict[str, str], tmp_path: Path) -> None:
    shutil.copytree(copy / "files", tmp_path / "restored")
    done = manage(elsewhere, "restore", str(copy))
    assert done.returncode == 1
    assert "holds files already. Please name an empty folder in MEDIA_ROOT." in done.stderr


def test_an_application_that_connects_as_another_role_there_may_use_what_was_restored(
    copy: Path, elsewhere: dict[str, str]
) -> None:
    with psycopg.connect(elsewhere["DATABASE_OWNER_URL"], autocommit=True) as database:
        database.execute("CREATE ROLE somebody_else LOGIN PASSWORD 'theirs'")
        try:
            address = urlsplit(elsewhere["DATABASE_URL"])
            place = address.netloc.rpartition("@")[2]
            there = address._replace(netloc=f"somebody_else:theirs@{place}").geturl()
            done = manage(elsewhere | {"DATABASE_URL": there}, "restore", str(copy))
            assert (done.returncode, done.stderr) == (0, "")
            may = "SELECT has_table_privilege(%s, 'sessions_app_patient', 'SELECT')"
            asked = [database.execute(may, [role]).fetchone() for role in ("somebody_else", address.username)]
            assert asked == [(True,), (False,)]
        finally:
            database.execute("DROP OWNED BY somebody_else")
            database.execute("DROP ROLE somebody_else")


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_without_the_address_of_the_owner_it_is_refused_in_a_sentence(
    command: str, copy: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(settings.DATABASES, "owner")
    with pytest.raises(CommandError, match="DATABASE_OWNER_URL is not set"):
        call_command(command, str(copy if command == "restore" else tmp_path / "another"))


def test_a_password_is_no_argument_that_others_can_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        connections["owner"], "get_connection_params", lambda: {"password": "pw", "host": "db", "sslmode": "require"}
    )
    told = backups.environment()
    assert (told["PGPASSWORD"], told["PGHOST"], told["PGSSLMODE"]) == ("pw", "db", "require")
