"""Loaded by pytest before Django's settings: provides PostgreSQL and Redis where the environment names none."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_folder = Path(tempfile.mkdtemp(prefix="undertone-test-"))
os.environ["UNDERTONE_DATA"] = str(_folder)
os.environ["UNDERTONE_ENV"] = "test"
os.environ.setdefault("LOG_LEVEL", "WARNING")
# A Redis that is shared with others must not hand our jobs to their workers.
os.environ["QUEUE"] = _folder.name

# Processes that share the tests out (pytest -n) each have servers of their own, and not those of who started them.
for name in os.environ.pop("UNDERTONE_TEST_SERVICES", "").split():
    del os.environ[name]

from config.embedded import EmbeddedServices  # noqa: E402

_services = EmbeddedServices(_folder, durable=False)
_services.start()
os.environ.update(_services.environment)
os.environ["UNDERTONE_TEST_SERVICES"] = " ".join(_services.environment)


def pytest_unconfigure() -> None:
    """Stop what was started and leave nothing behind."""
    _services.stop()
    shutil.rmtree(_folder, ignore_errors=True)
