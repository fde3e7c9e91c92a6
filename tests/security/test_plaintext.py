"""What somebody finds who has the storage, a dump of the database or of Redis, but not the master key.

A marked recording of a marked patient is uploaded and analysed, and marked notes are written. Then all of it is
searched for in everything that was stored.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from pytest_django import Settings

from config import backups
from inference import runner
from inference.audio import decode
from inference.models import AnalysisJob, JobState
from sessions_app import notes, storage, voices
from sessions_app.models import CounselorVoice, Note, NoteKind, Patient, Recording
from tests.inference.small_models import let_workers_use_a_small_checkpoint
from tests.pages import signed_in
from tests.sound import SPEECH, write
from tests.world import ConsentFactory, PatientFactory, World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

GIVEN, FAMILY, NUMBER, FILE = "Ottokarina", "Quillfeather", "NR-77-QX-2026-03", "quill-and-tuesday.wav"
NOTE = "Dreamt of a lighthouse keeper once more."
WORDS = (GIVEN, FAMILY, NUMBER, FILE, NOTE)

PLAIN_IN_THE_DATABASE = {
    (GIVEN, "sessions_app_patient", "given_name"),
    (GIVEN, "sessions_app_patientchange", "given_name"),
    (FAMILY, "sessions_app_patient", "family_name"),
    (FAMILY, "sessions_app_patientchange", "family_name"),
    (NUMBER, "sessions_app_patient", "reference"),
    (NUMBER, "sessions_app_patientchange", "reference"),
    (FILE, "sessions_app_recording", "original_name"),
    (FILE, "sessions_app_recordingchange", "original_name"),
}
"""All that may be read in the database, and where. docs/security.md says so."""


@pytest.fixture
def wave(tmp_path: Path) -> bytes:
    """A recording that is larger than what an upload keeps in memory."""
    speech = decode(SPEECH).mono
    path = write(tmp_path / "tone.wav", np.tile(speech, 3), 16_000)
    assert path.stat().st_size > django_settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    return path.read_bytes()


@pytest.fixture
def media(world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wave: bytes) -> Path:
    """The storage after somebody signed in, uploaded a recording and a clip of their voice, and a worker was done."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "media" / "incoming")
    (tmp_path / "weights").mkdir()
    let_workers_use_a_small_checkpoint(tmp_path / "weights", monkeypatch)
    patient = PatientFactory(
        clinic=world.clinic, care_team=[world.alice], given_name=GIVEN, family_name=FAMILY, reference=NUMBER
    )
    ConsentFactory(patient=patient)
    upload_and_analyse(world, patient, wave)
    for kind in NoteKind:
        written = {"kind": kind.value, "text": NOTE, "session": ""}
        assert signed_in(world.alice).post(f"/patients/{patient.id}/notes/", written).status_code == 302
    return tmp_path / "media"


def upload_and_analyse(world: World, patient: Patient, wave: bytes) -> None:
    client = signed_in(world.alice)
    client.get(f"/patients/{patient.id}/")
    form = {
        "held_at": datetime(2026, 3, 2, 9, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M"),
        "patient_channel": "",
        "file": SimpleUploadedFile(FILE, wave, "audio/wav"),
    }
    assert client.post(f"/patients/{patient.id}/sessions/", form).status_code in (200, 302)
    voices.voice_keep(user=world.alice, upload=SimpleUploadedFile(FILE, SPEECH.read_bytes()))
    runner.run(AnalysisJob.objects.get().id)
    assert AnalysisJob.objects.get().state == JobState.SUCCEEDED


def marks(wave: bytes) -> list[bytes]:
    """What gives the recording away: its header, and samples from several places."""
    header = wave[:44]
    samples = [wave[place : place + 32] for place in range(len(wave) // 10, len(wave) - 64, len(wave) // 7)]
    return [header[:16], header[8:40], *(sample for sample in samples if len(set(sample)) > 8)]


def in_any_form(mark: bytes) -> Iterator[bytes]:
    """As it is, and as a dump might write it."""
    yield mark
    yield mark.hex().encode()
    # In base64 it looks different at each of three offsets, but for its ends.
    inner = [base64.b64encode(b"\0" * offset + mark)[4:-4] for offset in range(3)]
    assert min(map(len, inner)) >= 8, "What is shorter is found by chance."
    yield from inner


Recorder = Callable[[str, object], None]


def found(content: bytes, sought: list[bytes]) -> list[bytes]:
    return [mark for mark in sought if any(form in content for form in in_any_form(mark))]


def dumped() -> str:
    """The whole database as text."""
    name = connection.settings_dict["NAME"]
    environment = backups.environment() | {"PGDATABASE": name}
    command = [backups.tool("pg_dump"), "--no-password"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def cells(dump: str) -> Iterator[tuple[str, str, str]]:
    """Each value in a dump: table, column, text."""
    table, columns = "", []
    for line in dump.splitlines():
        if line.startswith("COPY "):
            table, _, rest = line.removeprefix("COPY ").removeprefix("public.").partition(" (")
            columns = rest.partition(")")[0].replace('"', "").split(", ")
        elif line == "\\.":
            table = ""
        elif table:
            yield from ((table, column, value) for column, value in zip(columns, line.split("\t"), strict=True))


@pytest.fixture
def uncompressed() -> Iterator[redis.Redis]:
    """Redis, whose dumps can be searched."""
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    before: Any = client.config_get("rdbcompression")
    client.config_set("rdbcompression", "no")
    yield client
    client.config_set("rdbcompression", before["rdbcompression"])


def redis_dump(client: redis.Redis) -> bytes:
    """Every key and what it holds, and the bodies of the messages among them."""
    parts = []
    for key in client.scan_iter():
        parts += [key, client.dump(key) or b""]
        if client.type(key) == b"list":
            for message in client.lrange(key, 0, -1):
                parts += [message, base64.b64decode(json.loads(message)["body"])]
    return b"\n".join(parts)


def test_neither_a_recording_nor_a_name_is_found_in_storage(
    media: Path, wave: bytes, record_property: Recorder
) -> None:
    stored = [file for file in media.rglob("*") if file.is_file()]
    assert {file.parent.name for file in stored} == {"recordings", "voices"}
    speech = SPEECH.read_bytes()
    sought = [*marks(wave), *marks(speech), *(word.encode() for word in WORDS)]
    record_property("plaintext hits", sum(len(found(file.read_bytes(), sought)) for file in stored))
    for file in stored:
        assert found(file.read_bytes(), sought) == []
        assert found(str(file).encode(), [word.encode() for word in WORDS]) == []
    # The search is no idle one: it finds all of it in what is decrypted.
    plain = storage.opened(Recording.objects.get().file).read()
    assert found(plain, marks(wave)) == marks(wave)
    assert storage.opened(CounselorVoice.objects.get().file).read() == speech


def test_the_database_holds_names_where_they_belong_and_nothing_of_the_sound(
    media: Path, wave: bytes, record_property: Recorder
) -> None:
    dump = dumped()
    record_property("plaintext hits", len(found(dump.encode(), marks(wave) + marks(SPEECH.read_bytes()))))
    assert found(dump.encode(), marks(wave) + marks(SPEECH.read_bytes())) == []
    there = {
        (word, table, column)
        for table, column, value in cells(dump)
        for word in WORDS
        if found(value.encode(), [word.encode()])
    }
    assert there == PLAIN_IN_THE_DATABASE
    assert [notes.text_of(note) for note in Note.objects.all()] == [NOTE, NOTE]
    key = str(django_settings.MASTER_KEY)
    assert found(dump.encode(), [key.encode(), base64.b64decode(key)]) == []


def test_redis_holds_ids_and_nothing_else_of_it(media: Path, wave: bytes, uncompressed: redis.Redis) -> None:
    dump = redis_dump(uncompressed)
    assert str(AnalysisJob.objects.get().id).encode() in dump  # the message was sent: there was something to search
    assert found(dump, [*marks(wave), *(word.encode() for word in WORDS), Recording.objects.get().file.encode()]) == []


def test_a_backup_holds_no_more_than_what_it_was_made_of(media: Path, wave: bytes, tmp_path: Path) -> None:
    backups.backup(tmp_path / "copy")
    for file in (tmp_path / "copy").rglob("*"):
        if file.is_file():
            assert found(file.read_bytes(), [*marks(wave), NOTE.encode()]) == []
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
