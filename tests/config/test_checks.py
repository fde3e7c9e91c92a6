"""Django's own checks of the settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_clone_in_which_nothing_was_ever_started_passes_djangos_checks(tmp_path: Path) -> None:
    nothing_yet = os.environ | {"UNDERTONE_DATA": str(tmp_path / "never")}
    command = [sys.executable, "manage.py", "check"]
    printed = subprocess.run(command, cwd=REPOSITORY, env=nothing_yet, capture_output=True, text=True, check=False)
    assert (printed.returncode, printed.stderr) == (0, "")
