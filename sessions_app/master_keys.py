"""The keys that encrypt the clinics' keys: one for what is written, and others that what is there may still need."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

import tink
from django.conf import settings
from tink import aead, secret_key_access
from tink.proto import aes_gcm_pb2, tink_pb2

from sessions_app import key_service
from sessions_app.errors import KeyMissing

AES_GCM = "type.googleapis.com/google.crypto.tink.AesGcmKey"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A master key: ``fingerprint`` names it and says nothing of it, ``aead`` encrypts and decrypts with it.

    ``is_remote``: it never leaves a key management service, which is asked each time.
    """

    fingerprint: str
    aead: aead.Aead
    is_remote: bool = False


def current() -> MasterKey:
    """The one that encrypts what is written now."""
    return _from_text(str(settings.MASTER_KEY))


def try_out() -> None:
    """Encrypt and decrypt something with the current one. Raises `KeyMissing` where its service does not."""
    if type(settings.MASTER_KEY) is not str:
        # Development's own is made when something is stored, not when somebody asks.
        return
    key, probe = current().aead, b"Does the key work?"
    key.decrypt(key.encrypt(probe, b""), b"")


def named(fingerprint: str) -> MasterKey:
    """The one of this fingerprint. Raises `KeyMissing`."""
    for text in (str(settings.MASTER_KEY), *settings.MASTER_KEYS_OLD):
        key = _from_text(text)
        if key.fingerprint == fingerprint:
            return key
    raise KeyMissing


def _from_text(text: str) -> MasterKey:
    if text.startswith(key_service.PREFIX):
        return MasterKey(_fingerprint(text.encode()), key_service.service_aead(text), is_remote=True)
    raw = base64.b64decode(text)
    return MasterKey(_fingerprint(raw), _aead(raw))


def _fingerprint(raw: bytes) -> str:
    return hashlib.sha256(b"undertone master key" + raw).hexdigest()[:16]


def _aead(raw: bytes) -> aead.Aead:
    """AES-256-GCM with the key ``raw``, as Tink wants to be told."""
    data = tink_pb2.KeyData(
        type_url=AES_GCM,
        value=aes_gcm_pb2.AesGcmKey(version=0, key_value=raw).SerializeToString(),
        key_material_type=tink_pb2.KeyData.SYMMETRIC,
    )
    key = tink_pb2.Keyset.Key(key_data=data, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
    keyset = tink_pb2.Keyset(primary_key_id=1, key=[key])
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(aead.Aead)
