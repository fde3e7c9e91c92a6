"""Where sessions of browsers are kept: in the database, encrypted.

What is under way lies in them: the secret of an app that is being set up, the code for a new password, the challenge of
a passkey. The key of a session, which the browser shows, is in the row as it is.
"""

from __future__ import annotations

from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib.sessions.backends import db

from accounts.boxes import box


class SessionStore(db.SessionStore):
    """Django's, of which a copy of the database can be read by nobody who does not have ``SECRET_KEY``."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        """What is written into the row."""
        return box(__name__).encrypt(self.serializer().dumps(session_dict)).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """What was written; an empty session where another key did it, or nobody."""
        try:
            said: dict[str, Any] = self.serializer().loads(box(__name__).decrypt(session_data))
        except InvalidToken:
            return {}
        return said
