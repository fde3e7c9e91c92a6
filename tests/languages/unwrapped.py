"""What is not yet marked for translation: files and folders, fewer each time. Spanish is offered at their end."""

from __future__ import annotations

TEMPLATES_TO_COME: tuple[str, ...] = (
    "templates/dashboard/_access_rows.html",
    "templates/dashboard/_access_table.html",
    "templates/dashboard/_care_team_rows.html",
    "templates/dashboard/_changes_table.html",
    "templates/dashboard/_clinic_nav.html",
    "templates/dashboard/_operations.html",
    "templates/dashboard/_readers.html",
    "templates/dashboard/access_log.html",
    "templates/dashboard/care_team.html",
    "templates/dashboard/care_teams.html",
    "templates/dashboard/checkpoints.html",
    "templates/dashboard/checkpoints_in_use.html",
    "templates/dashboard/clinic.html",
    "templates/dashboard/clinic_changes.html",
    "templates/dashboard/operations.html",
    "templates/dashboard/patient_accesses.html",
    "templates/dashboard/patient_changes.html",
    "templates/dashboard/report.html",
)

MODULES_TO_COME: tuple[str, ...] = ("inference/", "sessions_app/")

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
