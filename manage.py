#!/usr/bin/env python3
"""Undertone's command line. In development it starts PostgreSQL and Redis where none are configured."""

from __future__ import annotations

import os
import sys

WITHOUT_SERVICES = {
    "analyze",
    "bench",
    "check",
    "checkpoints",
    "demo",
    "doctor",
    "help",
    "makemessages",
    "compilemessages",
    "render_demo_audio",
    "spectacular",
}
"""Commands that need no database, or look after the services themselves."""


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command == "demo":
        os.environ.setdefault("UNDERTONE_ENV", "demo")
    if command not in WITHOUT_SERVICES and not {"-h", "--help", "--version"} & set(sys.argv):
        from config import embedded

        try:
            embedded.provide()
        except embedded.ServiceUnavailable as trouble:
            sys.exit(str(trouble))

    from django.core.management import execute_from_command_line

    from tenancy import every_clinic

    # Whoever can run commands here can read the database; a server that one of them starts acts for its own requests.
    with every_clinic():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
