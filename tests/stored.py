"""Files in storage as an upload leaves them, without an upload."""

from __future__ import annotations

from pathlib import Path

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Clinic
from sessions_app import keys, storage
from tests.world import ClinicFactory


def kept(content: bytes, folder: str = storage.RECORDINGS, clinic: Clinic | None = None) -> str:
    """The name of a new file, encrypted for ``clinic`` or one of its own, that holds ``content``."""
    owner = clinic or ClinicFactory()
    return storage.store(SimpleUploadedFile("a.wav", content), keys.new_name(folder, owner.id)).name


def rewritten(name: str, content: bytes) -> None:
    """Put ``content``, properly encrypted, in the place of the file ``name``."""
    default_storage.delete(name)
    storage.store(SimpleUploadedFile("a.wav", content), name)


def raw(name: str) -> bytes:
    """What lies on disk."""
    return Path(default_storage.path(name)).read_bytes()
