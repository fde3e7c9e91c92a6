"""Measures what queueing costs on an embedded PostgreSQL and Redis of its own, with which it begins and ends.

``python -m config.bench_enqueue COUNT FOLDER`` prints the table; exit status 1 where the limit is not reached. It is
started by ``manage.py bench_enqueue``, in a process that no installation's database is named to.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from config.embedded import EmbeddedServices


def main(count: int, folder: Path) -> int:
    """Measure and print; the exit status."""
    # Durable, or the commits of an upload would cost less than they do.
    services = EmbeddedServices(folder, durable=True)
    services.start()
    os.environ.update(services.environment)
    try:
        return _measured(count)
    finally:
        services.stop()


def _measured(count: int) -> int:
    import django

    django.setup()

    from django.core.management import call_command
    from django.db import connection

    from sessions_app import bench

    call_command("migrate", verbosity=0)
    cost = bench.measure(count)
    connection.close()
    sys.stdout.write(bench.as_text(cost) + "\n")
    return 0 if cost.reached else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
