"""What is not yet marked for translation: files and folders, fewer each time. Spanish is offered at their end."""

from __future__ import annotations

TEMPLATES_TO_COME: tuple[str, ...] = ()

MODULES_TO_COME: tuple[str, ...] = ("inference/", "sessions_app/dashboard/")

SCRIPTS_TO_COME: tuple[str, ...] = ()

IN_ENGLISH = (
    "accounts/management/",
    "accounts/verification.py",
    "accounts/wrong_tokens.py",
    "config/",
    "inference/bench.py",
    "inference/management/",
    "inference/training/",
    "sessions_app/api/",
    "sessions_app/demo/",
    "sessions_app/exports.py",
    "sessions_app/management/",
    "sessions_app/numbers.py",
    "sessions_app/scale/",
    "templates/api/",
)
"""What is said to programs and to who runs an installation stays in English, as their documentation is."""

SENTENCES_IN_ENGLISH = frozenset(
    {
        "Please set up a second factor at {} first.",
        "Please choose a password of your own at {} first.",
        "This file has been written.",
        "Files come in through sessions_app.storage.store.",
    }
)
"""The same, in modules that otherwise speak to people; braces stand for what is filled in."""
