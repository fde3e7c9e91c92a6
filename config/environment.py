"""The environment as everything here reads it: ``NAME``, or the content of the file that ``NAME_FILE`` names."""

from __future__ import annotations

import os
from pathlib import Path

import environ

ENVIRONMENTS = ("development", "test", "demo", "production")


class Misconfigured(SystemExit):
    """A variable that cannot be used; the message is one plain sentence.

    It ends whichever program reads the settings (manage.py, uvicorn, celery) with that sentence and exit status 1.
    """


class _Variables(dict[str, str]):
    """Looks every variable up when it is asked for, so that one set later counts."""

    def __missing__(self, name: str) -> str:
        file = os.environ.get(f"{name}_FILE")
        return _content(name, Path(file)) if file else os.environ[name]


env = environ.Env()
env.ENVIRON = _Variables()


def environment() -> str:
    """``development``, ``test``, ``demo`` or ``production``. Raises `Misconfigured` for anything else."""
    name: str = env.str("UNDERTONE_ENV", default="development")
    if name not in ENVIRONMENTS:
        raise Misconfigured(f"UNDERTONE_ENV must be one of {', '.join(ENVIRONMENTS)}, not '{name}'.")
    return name


def required_in_production(name: str) -> str:
    """The variable ``name``, empty where it is not set. Raises `Misconfigured` for that in production."""
    value: str = env.str(name, default="")
    if not value and environment() == "production":
        raise Misconfigured(f"{name} is not set. In production it must be: please set {name} or {name}_FILE.")
    return value


def _content(name: str, file: Path) -> str:
    try:
        # Editors end a file with a line break, which belongs to no password.
        return file.read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{name}_FILE names {file}, which cannot be read.") from error
