"""Measures on an embedded PostgreSQL and Redis of its own, with which it begins and ends.

``python -m config.bench_apart FOLDER MODULE COUNT...`` prints the table of ``MODULE`` (``measure`` of the counts, and
``as_text``); exit status 1 where a limit is not reached. `run` starts it in a process that no installation's database
is named to.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from config.embedded import REPOSITORY, EmbeddedServices
from tenancy import every_clinic

OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "MEDIA_ROOT", "ACCESS_LOG_ANCHORS")
"""What must not lead the measurement to an installation's own data."""


def run(module: str, *counts: int, kept: Path | None = None) -> tuple[str, int]:
    """The table that ``module`` makes of so many runs, and the exit status. ``kept``: a folder for what it made."""
    with nullcontext(kept) if kept else tempfile.TemporaryDirectory(prefix="undertone-bench-") as place:
        folder = str(place)
        command = [sys.executable, "-m", "config.bench_apart", folder, module, *map(str, counts)]
        done = subprocess.run(  # noqa: S603 - this file, in this interpreter
            command, cwd=REPOSITORY, env=_apart(folder), check=False, stdout=subprocess.PIPE, text=True
        )
    return done.stdout, done.returncode


def _apart(folder: str) -> dict[str, str]:
    named = {*OURS, *(f"{name}_FILE" for name in OURS)}
    kept = {name: value for name, value in os.environ.items() if name not in named}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "UNDERTONE_ENV": "test",
        "UNDERTONE_DATA": folder,
        "LOG_LEVEL": "ERROR",
    }


def main(folder: Path, module: str, *counts: int) -> int:
    """Measure and print; the exit status."""
    # Durable, or commits would cost less than they do.
    services = EmbeddedServices(folder, durable=True)
    services.start()
    os.environ.update(services.environment)
    try:
        return _measured(module, *counts)
    finally:
        services.stop()


def _measured(module: str, *counts: int) -> int:
    import django

    django.setup()

    from django.core.management import call_command
    from django.db import connection

    from config import garbage

    bench = importlib.import_module(module)
    call_command("migrate", verbosity=0)
    # As a server does that begins.
    garbage.settle()
    with every_clinic():
        cost = bench.measure(*counts)
    connection.close()
    sys.stdout.write(bench.as_text(cost) + "\n")
    return 0 if cost.reached else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])))
