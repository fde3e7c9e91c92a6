"""A master key that never leaves AWS KMS: the service encrypts and decrypts the clinics' keys with it.

Tink's own client does the asking, so that what is stored is what any program with Tink reads. Here stands what it
leaves open: how long to wait, and what a refusal means.
"""

from __future__ import annotations

import errno
import os
from functools import lru_cache
from typing import Any, cast

import tink
from tink import aead

from sessions_app.errors import KeyMissing

PREFIX = "aws-kms://"
"""What the address of a key begins with; its ARN follows. `config.secret` looks at its form when Undertone starts."""

WAIT_SECONDS = 3
TRIES = 2
"""A page waits for this; jobs are tried again by themselves."""

NOT_OURS = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
REFUSED = frozenset(
    {
        "AccessDeniedException",
        "DisabledException",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "KMSInvalidStateException",
        "NotFoundException",
        "UnrecognizedClientException",
    }
)


class KeyServiceRefuses(KeyMissing):
    """The service does not let Undertone use the key: it is disabled, unknown there, or not for these credentials."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the key service refuses the master key ({code})")


class KeyServiceAway(KeyMissing):
    """The service does not answer, or asks to come back later; then nothing is lost."""

    def __init__(self) -> None:
        super().__init__("the key service does not answer")
        self.errno = errno.EAGAIN


def service_aead(address: str) -> aead.Aead:
    """What encrypts and decrypts with the key at ``address``. Nothing is asked yet.

    Its calls raise `KeyServiceRefuses` and `KeyServiceAway`, and ``TinkError`` for what was encrypted for another owner
    or changed.
    """
    # A connection is not shared with a child process.
    return _ServiceAead(_client_aead(address, os.getpid()))


@lru_cache(maxsize=8)
def _client_aead(address: str, process: int) -> aead.Aead:
    del process
    import boto3
    from botocore.config import Config
    from tink.integration import awskms

    region = address.split(":")[4]
    patience = Config(connect_timeout=WAIT_SECONDS, read_timeout=WAIT_SECONDS, retries={"total_max_attempts": TRIES})
    client = boto3.session.Session().client("kms", region_name=region, config=patience)
    return cast(aead.Aead, awskms.new_client(boto3_client=client, key_uri=address).get_aead(address))


class _ServiceAead(aead.Aead):  # type: ignore[misc]  # Tink has no types
    """Tink's, with its errors told apart."""

    def __init__(self, asked: aead.Aead) -> None:
        self._asked = asked

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        return _told(self._asked.encrypt, plaintext, associated_data)

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        return _told(self._asked.decrypt, ciphertext, associated_data)


def _told(ask: Any, content: bytes, associated_data: bytes) -> bytes:
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        return cast(bytes, ask(content, associated_data))
    except NoCredentialsError as error:
        raise KeyServiceRefuses(type(error).__name__) from error
    except BotoCoreError as error:
        raise KeyServiceAway from error
    except tink.TinkError as error:
        answer = error.__context__
        code = str(answer.response["Error"]["Code"]) if isinstance(answer, ClientError) else ""
        if code in NOT_OURS:
            raise
        if code in REFUSED:
            raise KeyServiceRefuses(code) from error
        raise KeyServiceAway from error
