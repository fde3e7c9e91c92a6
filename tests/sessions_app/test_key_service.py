"""A master key in AWS KMS, asked over HTTP of a server that answers as the service does."""

from __future__ import annotations

import base64
import io
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from config.doctor import encryption
from inference.errors import FileDamaged
from sessions_app import key_service, keys, notes, storage, uploads
from sessions_app.key_service import KeyServiceAway, KeyServiceRefuses
from sessions_app.models import ClinicKey, DoomedFile, NoteKind, Recording
from tests.pages import signed_in, text
from tests.sessions_app.api.client import API, as_, problem
from tests.world import SessionFactory, World

pytestmark = pytest.mark.django_db(transaction=True)

REGION = "eu-central-1"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the service is."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def service(address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The service as its administrator has it; Undertone finds it by the environment alone."""
    for name, value in {
        "ACCESS_KEY_ID": "undertone",
        "SECRET_ACCESS_KEY": "secret",
        "ENDPOINT_URL_KMS": address,
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    forget()
    return boto3.client("kms", region_name=REGION, endpoint_url=address)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    settings.MEDIA_ROOT = tmp_path
    yield tmp_path
    forget()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the service, by name."""
    found: list[str] = []
    told = key_service._told

    def heard(ask: Callable[..., bytes], *content: bytes) -> bytes:
        found.append(ask.__name__)
        return told(ask, *content)

    monkeypatch.setattr("sessions_app.key_service._told", heard)
    return found


def forget() -> None:
    """As another process would begin."""
    keys._remembered.clear()
    key_service._client_aead.cache_clear()
    key_service._rests.clear()


@pytest.fixture
def hanging() -> Iterator[tuple[str, list[socket.socket]]]:
    """An address where connections are taken and nothing is ever said, and those that were taken."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            while True:
                try:
                    taken.append(listening.accept()[0])
                except OSError:
                    return

        Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", taken
        listening.shutdown(socket.SHUT_RDWR)
    for connection in taken:
        connection.close()


def remote_key(service: Any) -> str:
    return f"aws-kms://{service.create_key()['KeyMetadata']['Arn']}"


def local_key(_: Any) -> str:
    return base64.b64encode(os.urandom(32)).decode()


def kept(world: World) -> Recording:
    session = SessionFactory(patient=world.alices_patient)
    return uploads.recording_add(user=world.sam, session=session, upload=SimpleUploadedFile("a.wav", b"some sound"))


def content(recording: Recording) -> bytes:
    return storage.opened(recording.file).read()


def test_what_is_stored_under_it_is_read_by_another_process(world: World, settings: Settings, service: Any) -> None:
    settings.MASTER_KEY = remote_key(service)
    recording = kept(world)
    forget()
    assert content(recording) == b"some sound"
    assert settings.MASTER_KEY.encode() not in bytes(ClinicKey.objects.get().wrapped)


def test_the_service_is_asked_once_for_a_key_that_is_used_again_and_again(
    world: World, settings: Settings, service: Any, calls: list[str]
) -> None:
    settings.MASTER_KEY = remote_key(service)
    recording = kept(world)
    forget()
    calls.clear()
    for _ in range(5):
        content(recording)
    assert calls == ["decrypt"]


def test_after_five_minutes_it_is_asked_again(
    world: World, settings: Settings, service: Any, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MASTER_KEY = remote_key(service)
    recording = kept(world)
    content(recording)
    calls.clear()
    monkeypatch.setattr("sessions_app.keys.REMEMBERED_SECONDS", -1.0)
    keys._remembered.clear()
    content(recording)
    content(recording)
    assert calls == ["decrypt", "decrypt"]


@pytest.mark.parametrize(
    ("before", "after"),
    [(local_key, remote_key), (remote_key, local_key), (remote_key, remote_key)],
    ids=["into the service", "out of it", "to another key there"],
)
def test_keys_are_exchanged_and_the_old_one_can_go(
    world: World, settings: Settings, service: Any, before: Callable[[Any], str], after: Callable[[Any], str]
) -> None:
    settings.MASTER_KEY = before(service)
    recording = kept(world)
    settings.MASTER_KEYS_OLD, settings.MASTER_KEY = [settings.MASTER_KEY], after(service)
    assert content(recording) == b"some sound"
    call_command("rotate_keys", stdout=io.StringIO())
    settings.MASTER_KEYS_OLD = []
    forget()
    assert content(recording) == b"some sound"


def test_a_key_that_was_exchanged_with_another_clinics_opens_nothing(
    world: World, settings: Settings, service: Any
) -> None:
    settings.MASTER_KEY = remote_key(service)
    recording = kept(world)
    theirs = keys.clinic_key_add(clinic_id=world.mallory.clinic_id)
    ClinicKey.objects.filter(clinic=world.clinic).update(wrapped=theirs.wrapped)
    forget()
    with pytest.raises(FileDamaged):
        content(recording)


def test_a_key_that_the_service_does_not_have_is_refused_and_nothing_is_lost(
    world: World, settings: Settings, service: Any
) -> None:
    known = settings.MASTER_KEY = remote_key(service)
    recording = kept(world)
    settings.MASTER_KEY, settings.MASTER_KEYS_OLD = f"{known.rpartition('/')[0]}/{uuid.uuid4()}", [known]
    with pytest.raises(KeyServiceRefuses, match="refuses the master key"):
        keys.clinic_key_add(clinic_id=world.clinic.id)
    assert content(recording) == b"some sound"


def test_a_service_that_does_not_answer_is_told_in_a_sentence_and_later_all_is_there(
    world: World, settings: Settings, service: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    settings.MASTER_KEY = remote_key(service)
    note = notes.note_write(user=world.alice, patient=world.alices_patient, kind=NoteKind.PROGRESS, text="On time.")
    forget()
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
    with pytest.raises(KeyServiceAway):
        notes.text_of(note)
    page = text(signed_in(world.alice).get(f"/notes/{note.id}/"))
    assert "On time." not in page
    found = encryption()
    assert (found.ok, found.message) == (False, "The master key cannot be used: the key service does not answer.")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", address)
    forget()
    assert notes.text_of(note) == "On time."
    assert encryption().ok


def test_at_no_level_does_a_log_say_what_the_service_was_sent_and_answered(
    world: World, settings: Settings, service: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MASTER_KEY = remote_key(service)
    caplog.set_level("DEBUG")
    content(kept(world))
    forget()
    content(Recording.objects.get())
    assert not any(line.name.startswith("botocore") and line.levelname in {"DEBUG", "INFO"} for line in caplog.records)


def test_without_credentials_the_service_is_not_asked_and_it_is_said(
    settings: Settings, service: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.MASTER_KEY = remote_key(service)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    forget()
    found = encryption()
    assert not found.ok
    assert "refuses the master key (NoCredentialsError)" in found.message


def test_a_service_that_hangs_keeps_a_page_of_many_notes_for_seconds_and_the_next_not_at_all(
    world: World,
    settings: Settings,
    service: Any,
    monkeypatch: pytest.MonkeyPatch,
    hanging: tuple[str, list[socket.socket]],
) -> None:
    settings.MASTER_KEY = remote_key(service)
    for number in range(5):
        notes.note_write(
            user=world.alice, patient=world.alices_patient, kind=NoteKind.PROGRESS, text=f"Visit {number}."
        )
    forget()
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", hanging[0])
    browser, began = signed_in(world.alice), time.monotonic()
    page = text(browser.get(f"/patients/{world.alices_patient.id}/notes/"))
    assert "its key cannot be had just now" in page
    assert time.monotonic() - began < 2 * key_service.TRIES * key_service.WAIT_SECONDS
    asked = len(hanging[1])
    assert asked == key_service.TRIES
    browser.get(f"/patients/{world.alices_patient.id}/notes/")
    assert len(hanging[1]) == asked


def test_after_a_pause_the_service_is_asked_again(
    world: World, settings: Settings, service: Any, monkeypatch: pytest.MonkeyPatch, address: str, caplog: Any
) -> None:
    settings.MASTER_KEY = remote_key(service)
    recording = kept(world)
    forget()
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
    monkeypatch.setattr("sessions_app.key_service.PAUSE_SECONDS", 1.0)
    for _ in range(3):
        with pytest.raises(KeyServiceAway):
            content(recording)
    assert caplog.text.count("key_service_fails") == 1
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", address)
    time.sleep(1.1)
    assert content(recording) == b"some sound"


def test_credentials_that_come_later_are_used_without_a_restart(
    world: World, settings: Settings, service: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.MASTER_KEY = remote_key(service)
    recording = kept(world)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr("sessions_app.key_service.PAUSE_SECONDS", 0.0)
    forget()
    with pytest.raises(KeyServiceRefuses):
        content(recording)
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id=undertone\naws_secret_access_key=secret\n")
    assert content(recording) == b"some sound"


@pytest.fixture
def without_service(world: World, settings: Settings, service: Any, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """A recording from before the service went away."""
    settings.MASTER_KEY = remote_key(service)
    recording = kept(world)
    forget()
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
    return recording


def test_a_player_is_told_to_come_back_while_the_service_is_away(world: World, without_service: Recording) -> None:
    browser = signed_in(world.alice)
    browser.raise_request_exception = False
    answer = browser.get(f"/recordings/{without_service.id}/audio/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "their key cannot be had just now" in answer.content.decode()


def test_an_upload_meanwhile_is_answered_with_503_and_leaves_nothing(
    world: World, without_service: Recording, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = sorted(media.rglob("*"))
    sent = {"session": without_service.session_id, "file": SimpleUploadedFile("b.wav", b"another sound")}
    answer = as_(world.sam).post(f"{API}/recordings", sent)
    assert problem(answer) == (503, "key_unavailable")
    assert "'event': 'key_unavailable'" in caplog.text
    assert answer["Retry-After"]
    assert (Recording.objects.get(), DoomedFile.objects.count()) == (without_service, 0)
    assert [path for path in sorted(media.rglob("*")) if path.is_file()] == [path for path in files if path.is_file()]


def test_what_somebody_writes_meanwhile_stays_in_the_form(world: World, without_service: Recording) -> None:
    sent = {"kind": NoteKind.PROGRESS, "text": "Came on time."}
    answer = signed_in(world.alice).post(f"/patients/{world.alices_patient.id}/notes/", sent)
    assert answer.status_code == 422
    assert "Came on time." in answer.content.decode()
    assert "could not be encrypted just now" in answer.content.decode()


def test_an_exchange_that_the_service_interrupts_is_ended_by_the_next(
    world: World, settings: Settings, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MASTER_KEY = local_key(service)
    recording = kept(world)
    keys.clinic_key_add(clinic_id=world.mallory.clinic_id)
    settings.MASTER_KEYS_OLD, settings.MASTER_KEY = [settings.MASTER_KEY], remote_key(service)
    told, asked = key_service._told, []

    def once(ask: Callable[..., bytes], *content: bytes) -> bytes:
        asked.append(ask)
        # Tink decrypts what it has encrypted, to be sure.
        if len(asked) > 2:
            raise KeyServiceAway
        return told(ask, *content)

    with monkeypatch.context() as away:
        away.setattr("sessions_app.key_service._told", once)
        with pytest.raises(CommandError, match="the key service does not answer"):
            call_command("rotate_keys", stdout=io.StringIO())
    assert len(set(ClinicKey.objects.values_list("master", flat=True))) == 2
    assert content(recording) == b"some sound"
    forget()
    call_command("rotate_keys", stdout=io.StringIO())
    settings.MASTER_KEYS_OLD = []
    assert content(recording) == b"some sound"


def test_nobody_is_sent_on_to_another_service(
    settings: Settings,
    service: Any,
    monkeypatch: pytest.MonkeyPatch,
    hanging: tuple[str, list[socket.socket]],
) -> None:
    class SendsOn(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", hanging[0])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    settings.MASTER_KEY = remote_key(service)
    with HTTPServer(("127.0.0.1", 0), SendsOn) as sending:
        Thread(target=sending.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", f"http://127.0.0.1:{sending.server_port}")
        forget()
        assert not encryption().ok
        sending.shutdown()
    assert hanging[1] == []
