"""A security key for tests, in software: it signs challenges, and says or does not say that it was shown a PIN."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from accounts.models import User

HOST = "testserver"
TOUCHED = AuthenticatorData.FLAG.UP
WITH_PIN = TOUCHED | AuthenticatorData.FLAG.UV


@dataclass(frozen=True)
class SecurityKey:
    """One credential of one account."""

    id: bytes = field(default_factory=lambda: os.urandom(16))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def given_to(self, user: User) -> SecurityKey:
        """The same, set up as a second factor of ``user``."""
        public = ES256.from_cryptography_key(self.private.public_key())
        told = AuthenticatorData.create(
            sha256(HOST.encode()),
            TOUCHED | AuthenticatorData.FLAG.AT,
            0,
            AttestedCredentialData.create(Aaguid.NONE, self.id, public),
        )
        data = CollectedClientData.create("webauthn.create", b"any", f"https://{HOST}")
        answer = {
            "clientDataJSON": data.b64,
            "attestationObject": websafe_encode(AttestationObject.create("none", told, {})),
        }
        kept = {"name": "Key", "credential": self._public(answer)}
        Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=kept)
        return self

    def signed(self, challenge: str, *, of: User, flags: AuthenticatorData.FLAG) -> dict[str, Any]:
        """What a browser would send for ``challenge``, in the name of the account ``of``."""
        told = AuthenticatorData.create(sha256(HOST.encode()), flags, 1)
        data = CollectedClientData.create("webauthn.get", challenge, f"https://{HOST}")
        answer = {
            "clientDataJSON": data.b64,
            "authenticatorData": websafe_encode(told),
            "signature": websafe_encode(self.private.sign(told + data.hash, ec.ECDSA(SHA256()))),
            "userHandle": websafe_encode(user_pk_to_url_str(of).encode()),
        }
        return self._public(answer)

    def _public(self, answer: dict[str, str]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": answer, "clientExtensionResults": {}}


def challenge_alone(client: Client) -> str:
    """The challenge for signing in with a passkey and nothing else."""
    asked = client.get("/sign-in/passkey/", headers={"X-Requested-With": "XMLHttpRequest"})
    return str(asked.json()["request_options"]["publicKey"]["challenge"])


def challenge_on(client: Client, address: str) -> str:
    """The challenge in a page for whoever has given the password, or is signed in."""
    found = re.search(r'"challenge": "([\w-]+)"', client.get(address).content.decode())
    assert found
    return found[1]
