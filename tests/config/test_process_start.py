"""What a process holds when it starts decides what its forked children can do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from config.embedded import REPOSITORY


@pytest.mark.parametrize("module", ["config.asgi", "config.celery"])
def test_neither_web_nor_the_workers_parent_imports_torch(module: str) -> None:
    code = (
        f"import sys, importlib, django; importlib.import_module({module!r}); django.setup();"
        "importlib.import_module('config.urls'); importlib.import_module('inference.tasks');"
        "print('torch' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "False"


def test_the_garbage_collector_of_a_web_process_leaves_out_what_was_loaded_at_its_start() -> None:
    code = (
        "import sys, gc, config.asgi;"
        "print('sessions_app.dashboard.urls' in sys.modules, len(gc.get_objects()) < gc.get_freeze_count() / 100)"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "True True"
