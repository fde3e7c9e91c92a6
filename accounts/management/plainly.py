"""What the commands that make clinics and people share: first passwords, and errors as one plain sentence."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import ProgrammingError

from accounts.models import User

GENERATED_BYTES = 18
WITHOUT_TABLES = "The database has no tables of this version yet. Please run 'manage.py migrate' first."


@dataclass(frozen=True, slots=True)
class FirstPassword:
    """A password to sign in with for the first time, and whether it must be shown because nobody else knows it."""

    text: str
    generated: bool

    def sentence(self, user: User) -> str:
        """What to tell ``user``."""
        if not self.generated:
            return (
                f"{user.display_name} signs in as {user.email} with the password of the file, and then chooses another."
            )
        return (
            f"{user.display_name} signs in as {user.email} with this password, which is shown only now:\n\n"
            f"    {self.text}\n\nIt opens the page on which another is chosen, and nothing else."
        )


def add_password_argument(parser: CommandParser) -> None:
    """``--password-file``, for who does not want a generated one on the screen."""
    parser.add_argument("--password-file", type=Path, help="file whose text is the password (else one is generated)")


def first_password(file: Path | None) -> FirstPassword:
    """The password of ``file``, or a new one."""
    if file is None:
        return FirstPassword(secrets.token_urlsafe(GENERATED_BYTES), generated=True)
    try:
        return FirstPassword(file.read_text().strip(), generated=False)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The password cannot be read from {file}. Please name a text file.") from error


@contextmanager
def errors_told_plainly() -> Iterator[None]:
    """Turn what can be wrong with the input or the database into one sentence and exit status 1."""
    try:
        yield
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    except ProgrammingError as error:
        raise CommandError(WITHOUT_TABLES) from error
