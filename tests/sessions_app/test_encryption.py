"""What is stored is encrypted, can be read from any place, and cannot be changed without being found."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from asgiref.sync import async_to_sync
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.exceptions import RequestAborted
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadhandler import load_handler
from django.core.handlers.asgi import ASGIRequest
from django.test.client import encode_multipart
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from pytest_django import Settings
from tink import proto_keyset_format, secret_key_access
from tink.proto import tink_pb2
from tink.proto.aes_gcm_hkdf_streaming_pb2 import AesGcmHkdfStreamingKey

from config.bodies import Body, Handler
from inference.audio import decode
from inference.errors import FileDamaged
from inference.stored import Stored
from sessions_app import encryption, keys, master_keys, storage
from sessions_app.errors import KeyMissing
from sessions_app.models import ClinicKey
from tests.sound import SPEECH, write
from tests.stored import kept, raw
from tests.world import ClinicFactory

KEY = encryption.new_data_key()
PLAIN = b"".join(number.to_bytes(4, "big") for number in range(50_000))


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def encrypted(plain: bytes, name: str = "name") -> bytes:
    file = io.BytesIO()
    with encryption.encrypting(KEY, file, name) as stream:
        stream.write(plain)
    return file.getvalue()


SECRET = encrypted(PLAIN)


def opened(content: bytes, name: str = "name") -> io.BufferedReader:
    return encryption.decrypted(KEY, io.BytesIO(content), name)


@how(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(PLAIN) + 100), st.integers(0, 70_000)), min_size=1, max_size=6))
def test_any_part_is_read_wherever_it_lies_and_in_any_order(parts: list[tuple[int, int]]) -> None:
    file = opened(SECRET)
    for start, count in parts:
        assert file.seek(start) == start
        assert file.read(count) == PLAIN[start : start + count]


def test_the_end_is_where_it_was() -> None:
    file = opened(SECRET)
    assert file.seek(0, os.SEEK_END) == len(PLAIN)
    assert file.read() == b""
    assert file.seek(-8, os.SEEK_END) == len(PLAIN) - 8
    assert file.read() == PLAIN[-8:]
    with pytest.raises(OSError, match="Invalid argument"):
        file.seek(-1)


@pytest.mark.parametrize(
    "changed",
    [
        SECRET[:-1],
        SECRET[: 4096 * 3],
        SECRET[: 4096 * 3 + 100],
        SECRET[:10],
        b"",
        SECRET[:4096] + SECRET[8192:12288] + SECRET[4096:8192] + SECRET[12288:],
        SECRET[:4096] + SECRET[8192:],
        SECRET + b"x",
        PLAIN,
    ],
    ids=[
        "a byte short",
        "a segment's end",
        "within a segment",
        "the head",
        "empty",
        "swapped",
        "left out",
        "more",
        "plain",
    ],
)
def test_what_was_cut_exchanged_or_added_to_is_not_read_to_its_end(changed: bytes) -> None:
    with pytest.raises(FileDamaged):
        opened(changed).read()


def test_another_name_opens_nothing() -> None:
    with pytest.raises(FileDamaged):
        opened(SECRET, "another").read()


class Full(io.BytesIO):
    def write(self, data: Any) -> int:
        if self.tell() > 20_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_full_disk_is_told_though_tink_keeps_it_to_itself() -> None:
    with pytest.raises(OSError, match="No space left") as raised, encryption.encrypting(KEY, Full(), "name") as stream:
        stream.write(PLAIN)
    assert raised.value.errno == errno.ENOSPC


def test_trouble_with_reading_is_no_damage() -> None:
    class Broken(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        encryption.decrypted(KEY, Broken(SECRET), "name").read()


@pytest.mark.django_db
@pytest.mark.parametrize("container", ["wav", "flac", "m4a", "ogg", "webm", "mp3"])
def test_every_container_is_decoded_as_its_plain_file_is(tmp_path: Path, container: str) -> None:
    plain = write(tmp_path / f"tone.{container}", decode(SPEECH).mono[: 16_000 * 5], 16_000)
    sound, expected = decode(Stored(kept(plain.read_bytes()))), decode(plain)
    assert sound.sha256 == expected.sha256 == hashlib.sha256(plain.read_bytes()).hexdigest()
    assert np.array_equal(sound.channels, expected.channels)


@pytest.mark.django_db
def test_a_damaged_file_is_refused_before_anything_of_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    name = kept(SPEECH.read_bytes())
    content = bytearray(raw(name))
    content[-1] ^= 1
    Path(default_storage.path(name)).write_bytes(content)
    monkeypatch.setattr(av, "open", lambda *_, **__: pytest.fail("It was opened."))
    with pytest.raises(FileDamaged):
        decode(Stored(name))


@pytest.mark.django_db
def test_a_file_lies_in_storage_encrypted_under_a_key_of_its_clinic() -> None:
    clinic = ClinicFactory()
    name = kept(PLAIN, clinic=clinic)
    assert PLAIN[:32] not in raw(name)
    assert keys.is_newest(name, clinic.id)
    assert default_storage.open(name).read() == PLAIN


@pytest.mark.django_db
def test_nothing_plain_gets_into_storage_past_the_door() -> None:
    with pytest.raises(NotImplementedError):
        default_storage.save("recordings/plain", ContentFile(b"plain"))


@pytest.mark.django_db
def test_a_key_row_that_was_moved_to_another_clinic_opens_nothing() -> None:
    name = kept(PLAIN)
    ClinicKey.objects.update(clinic=ClinicFactory())
    with pytest.raises(FileDamaged):
        storage.opened(name)


@pytest.mark.django_db
def test_without_its_master_key_nothing_is_read_and_nothing_is_lost(settings: Settings) -> None:
    name, before = kept(PLAIN), str(settings.MASTER_KEY)
    settings.MASTER_KEY = base64.b64encode(bytes(32)).decode()
    with pytest.raises(KeyMissing):
        storage.opened(name)
    settings.MASTER_KEYS_OLD = [before]
    assert storage.opened(name).read() == PLAIN


@pytest.mark.django_db
def test_the_database_holds_no_key_that_opens_anything_by_itself() -> None:
    kept(PLAIN)
    row = ClinicKey.objects.get()
    assert base64.b64decode(str(master_keys.settings.MASTER_KEY)) not in bytes(row.wrapped)
    with pytest.raises(Exception, match="Decryption failed"):
        encryption.unwrap(bytes(row.wrapped), master_keys.MasterKey("", master_keys._aead(bytes(32))).aead, b"")


def test_what_comes_in_is_readable_on_disk_at_no_moment(settings: Settings, media: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(media / "incoming")
    handler = load_handler(settings.FILE_UPLOAD_HANDLERS[-1], None)
    handler.new_file("file", "a.wav", "audio/wav", None)
    for start in range(0, len(PLAIN), 50_000):
        handler.receive_data_chunk(PLAIN[start : start + 50_000], start)
        (file,) = (media / "incoming").iterdir()
        assert PLAIN[:16] not in file.read_bytes()
    upload = handler.file_complete(len(PLAIN))
    assert b"".join(upload.chunks()) == PLAIN
    assert PLAIN[:16] not in file.read_bytes()
    upload.close()
    assert list((media / "incoming").iterdir()) == []


def test_a_large_body_is_readable_on_disk_at_no_moment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 60_000
    made: list[Any] = []
    make = tempfile.TemporaryFile

    def note(*args: Any, **kwargs: Any) -> Any:
        made.append(make(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", note)
    body = Body()
    for start in range(0, len(PLAIN), 50_000):
        body.write(PLAIN[start : start + 50_000])
    body.seek(0)
    (file,) = made
    on_disk = os.pread(file.fileno(), 2 * len(PLAIN), 0)
    assert len(on_disk) > len(PLAIN)
    assert PLAIN[:16] not in on_disk
    assert body.read() == PLAIN


def test_a_small_body_stays_in_memory() -> None:
    body = Body()
    body.write(b"name=value")
    body.seek(0)
    assert isinstance(body._file, io.BytesIO)
    assert body.read() == b"name=value"


def test_a_form_with_a_large_file_comes_in_whole_through_the_server(settings: Settings, media: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(media / "incoming")
    content = PLAIN * 20
    assert len(content) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    data = encode_multipart("limit", {"held_at": "today", "file": ContentFile(content, name="a.wav")})
    parts = iter([data[start : start + 65_536] for start in range(0, len(data), 65_536)])
    left = -(-len(data) // 65_536)

    async def receive() -> dict[str, Any]:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": next(parts), "more_body": left > 0}

    headers = [(b"content-type", b"multipart/form-data; boundary=limit"), (b"content-length", b"%d" % len(data))]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    request = ASGIRequest(scope, async_to_sync(Handler().read_body)(receive))
    assert request.POST["held_at"] == "today"
    assert b"".join(request.FILES["file"].chunks()) == content
    request.close()
    assert list((media / "incoming").iterdir()) == []


def test_a_client_that_goes_away_in_the_middle_is_no_request() -> None:
    told = iter([{"type": "http.request", "body": PLAIN, "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(told)

    with pytest.raises(RequestAborted):
        async_to_sync(Handler().read_body)(receive)


def test_it_is_aes_256_gcm_under_a_key_of_its_own_as_tink_describes_it() -> None:
    """Opened again by another library: https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming."""
    key = encryption.new_data_key()
    keyset = tink_pb2.Keyset.FromString(proto_keyset_format.serialize(key.handle, secret_key_access.TOKEN))
    material = AesGcmHkdfStreamingKey.FromString(keyset.key[0].key_data.value).key_value
    assert len(material) == 32
    sealed = encryption.sealed(key, b"Some words.", "about what")
    header, salt, prefix = sealed[0], sealed[1:33], sealed[33:40]
    derived = HKDF(SHA256(), 32, salt, info=b"about what").derive(material)
    # The number of the segment, and that it is the last.
    nonce = prefix + bytes(4) + b"\x01"
    assert (header, AESGCM(derived).decrypt(nonce, sealed[40:], None)) == (40, b"Some words.")
