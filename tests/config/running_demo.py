"""``manage.py demo`` as a real program, for tests that watch it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from config.embedded import REPOSITORY
from tests.processes import soon

READY_SECONDS = 120.0
STOP_SECONDS = 40.0


class RunningDemo:
    """A demonstration in ``folder`` on a free port, and what it has said."""

    def __init__(self, folder: Path, output: Path, port: int) -> None:
        self.folder, self.output, self.port = folder, output, port
        ours = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "QUEUE", "LOG_LEVEL", "UNDERTONE_ENV")
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        with output.open("w") as file:
            self.process = subprocess.Popen(
                # A shell ignores Ctrl-C for what it runs in the background, and every program below inherits that.
                ["env", "--default-signal=INT", sys.executable, "manage.py", "demo", "--port", str(port)],
                cwd=REPOSITORY,
                env={**environment, "UNDERTONE_DATA": str(folder)},
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self) -> None:
        ended_or_ready = soon(lambda: "ready in" in self.said or self.process.poll() is not None, READY_SECONDS)
        assert ended_or_ready, self.said
        assert self.process.poll() is None, self.said

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def recordings(self) -> set[str]:
        return {path.name for path in (self.folder / "media" / "recordings").iterdir()}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, port: int | None = None) -> RunningDemo:
    """A demonstration in ``folder``, which says what it says into a file beside it."""
    return RunningDemo(folder, folder.parent / "output", port or free_port())
