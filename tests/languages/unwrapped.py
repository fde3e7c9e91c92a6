"""What is not yet marked for translation: files and folders, fewer each time. Spanish is offered at their end."""

from __future__ import annotations

TEMPLATES_TO_COME: tuple[str, ...] = ()

MODULES_TO_COME: tuple[str, ...] = (
    "inference/",
    "sessions_app/annotations.py",
    "sessions_app/care_teams.py",
    "sessions_app/checkpoint_labels.py",
    "sessions_app/emergency.py",
    "sessions_app/encryption.py",
    "sessions_app/errors.py",
    "sessions_app/exports.py",
    "sessions_app/findings.py",
    "sessions_app/flags.py",
    "sessions_app/instruments.py",
    "sessions_app/job_facts.py",
    "sessions_app/listeners.py",
    "sessions_app/measures.py",
    "sessions_app/models/",
    "sessions_app/notes.py",
    "sessions_app/numbers.py",
    "sessions_app/reviews.py",
    "sessions_app/scale/",
    "sessions_app/scores.py",
    "sessions_app/services.py",
    "sessions_app/storage.py",
    "sessions_app/summary.py",
    "sessions_app/trends.py",
    "sessions_app/voices.py",
)

SCRIPTS_TO_COME: tuple[str, ...] = ("static/js/",)

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
    "sessions_app/management/",
    "templates/api/",
)
"""What is said to programs and to who runs an installation stays in English, as their documentation is."""

SENTENCES_IN_ENGLISH = frozenset(
    {
        "Please set up a second factor at {} first.",
        "Please choose a password of your own at {} first.",
    }
)
"""The same, in modules that otherwise speak to people; braces stand for what is filled in."""
