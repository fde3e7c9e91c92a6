"""A master key that never leaves AWS KMS: the service encrypts and decrypts the clinics' keys with it.

Tink's own client does the asking, so that what is stored is what any program with Tink reads. Here stands what it
leaves open: how long to wait, when to ask again, and what a refusal means.
"""

from __future__ import annotations

import errno
import os
import time
from functools import lru_cache
from typing import Any, cast

import structlog
import tink
from tink import aead

from sessions_app.errors import KeyMissing

log = structlog.get_logger(__name__)

PREFIX = "aws-kms://"
"""What the address of a key begins with; its ARN follows. `config.secret` looks at its form when Undertone starts."""

WAIT_SECONDS = 3
TRIES = 2
"""A page waits for this; jobs are tried again by themselves."""

PAUSE_SECONDS = 10.0
"""After the service has failed it is not asked for so long: a page of many notes waits once, and so do many pages."""

NOT_OURS = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
REFUSED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "DisabledException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidIdentityToken",
        "InvalidSignatureException",
        "KMSInvalidStateException",
        "NotFoundException",
        "UnrecognizedClientException",
    }
)
"""Answers of the service, and of the one that gives out credentials for a role."""


class KeyServiceRefuses(KeyMissing):
    """The service does not let Undertone use the key: it is disabled, unknown there, or not for these credentials."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the key service refuses the master key ({code})")
        self.code = code

    def again(self) -> KeyServiceRefuses:
        """The same for somebody else."""
        return KeyServiceRefuses(self.code)


class KeyServiceAway(KeyMissing):
    """The service does not answer, or asks to come back later; then nothing is lost."""

    def __init__(self) -> None:
        super().__init__("the key service does not answer")
        self.errno = errno.EAGAIN

    def again(self) -> KeyServiceAway:
        """The same for somebody else."""
        return KeyServiceAway()


_rests: dict[str, tuple[float, KeyServiceRefuses | KeyServiceAway]] = {}
"""Until when no key at this address is asked for, by the monotonic clock, and why."""


def service_aead(address: str) -> aead.Aead:
    """What encrypts and decrypts with the key at ``address``. Nothing is asked yet.

    Its calls raise `KeyServiceRefuses` and `KeyServiceAway`, and ``TinkError`` for what was encrypted for another owner
    or changed.
    """
    return _ServiceAead(address)


@lru_cache(maxsize=8)
def _client_aead(address: str, process: int) -> aead.Aead:
    del process
    import boto3
    import botocore.session
    from botocore.config import Config
    from tink.integration import awskms

    region = address.split(":")[4]
    session = botocore.session.get_session()
    # Of the whole session: whoever gives out credentials for a role is waited for no longer than the keys.
    session.set_default_client_config(
        Config(connect_timeout=WAIT_SECONDS, read_timeout=WAIT_SECONDS, retries={"total_max_attempts": TRIES})
    )
    client = boto3.session.Session(botocore_session=session).client("kms", region_name=region)
    return cast(aead.Aead, awskms.new_client(boto3_client=client, key_uri=address).get_aead(address))


class _ServiceAead(aead.Aead):  # type: ignore[misc]  # Tink has no types
    """Tink's, with its errors told apart, and a pause after each that may be over later."""

    def __init__(self, address: str) -> None:
        self._address = address

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        return self._asked("encrypt", plaintext, associated_data)

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        return self._asked("decrypt", ciphertext, associated_data)

    def _asked(self, what: str, content: bytes, associated_data: bytes) -> bytes:
        until, why = _rests.get(self._address, (0.0, None))
        if why is not None and time.monotonic() < until:
            raise why.again()
        try:
            # A connection is not shared with a child process.
            service = _client_aead(self._address, os.getpid())
            return _told(getattr(service, what), content, associated_data)
        except (KeyServiceRefuses, KeyServiceAway) as error:
            _rests[self._address] = time.monotonic() + PAUSE_SECONDS, error.again()
            # What was not found or not allowed is looked for anew: credentials may be there by then.
            _client_aead.cache_clear()
            code = error.code if isinstance(error, KeyServiceRefuses) else ""
            log.error("key_service_fails", error=type(error).__name__, code=code, again_in=PAUSE_SECONDS)
            raise


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
