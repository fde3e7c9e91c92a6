"""Keys that development needs and nobody has to think of, and whether one that somebody gave can be used."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from config.environment import Misconfigured

MASTER_KEY_BYTES = 32
KMS_PREFIX = "aws-kms://"
KMS_ADDRESS = re.compile(r"aws-kms://arn:aws:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
"""A key by its ARN. Not an alias, which may point to another key tomorrow."""


def development_secret(folder: Path) -> str:
    """A random key kept in ``folder``, so that log-ins survive a restart; another each time if it cannot be kept."""
    try:
        return _kept(folder, "secret_key", secrets.token_urlsafe(48))
    except OSError:
        return secrets.token_urlsafe(48)


def development_master_key(folder: Path) -> str:
    """A random master key kept in ``folder``. Raises ``OSError`` if it cannot be: nothing could be read again."""
    return _kept(folder, "master_key", base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)).decode())


def usable_master_key(name: str, value: str) -> str:
    """``value`` of the variable ``name``, if it is empty or a master key, else `Misconfigured`.

    That is 32 bytes in base64, or the address of a key in AWS KMS (``aws-kms://arn:aws:kms:...:key/...``).
    """
    if value.startswith(KMS_PREFIX):
        return _usable_address(name, value)
    try:
        length = len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        length = -1
    if value and length != MASTER_KEY_BYTES:
        raise Misconfigured(f"{name} must hold 32 random bytes in base64, as 'openssl rand -base64 32' prints them.")
    return value


def _usable_address(name: str, value: str) -> str:
    if KMS_ADDRESS.fullmatch(value) is None:
        raise Misconfigured(f"{name} must name a key of AWS KMS as {KMS_PREFIX}arn:aws:kms:REGION:ACCOUNT:key/ID.")
    if find_spec("boto3") is None:
        raise Misconfigured(f"{name} names a key of AWS KMS, for which boto3 is needed: see docs/security.md.")
    return value


def _kept(folder: Path, name: str, fresh: str) -> str:
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _publish(path, fresh)
    return path.read_text()


def _publish(path: Path, value: str) -> None:
    """Make ``path`` with a whole key in it, or not at all: of two processes that start at once, one wins."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}.") as file:
        file.write(value)
        file.flush()
        with suppress(FileExistsError):
            os.link(file.name, path)
