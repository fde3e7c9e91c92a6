"""Encrypting short texts under keys that are derived from ``SECRET_KEY``, which the database does not hold."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


def box(purpose: str) -> MultiFernet:
    """Encrypts under the key for ``purpose``; decrypts under those of ``SECRET_KEY_FALLBACKS`` as well."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = [salted_hmac(purpose, "", secret=str(key), algorithm="sha256").digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
