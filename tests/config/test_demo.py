"""``manage.py demo``, as a real program."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from config.embedded import REPOSITORY
from tests.processes import processes_of, sockets_of, soon

READY_SECONDS = 120.0
STOP_SECONDS = 40.0


class RunningDemo:
    """A demonstration in ``folder`` on a free port, and what it has said."""

    def __init__(self, folder: Path, output: Path, port: int) -> None:
        self.folder, self.output, self.port = folder, output, port
        ours = ("DATABASE_URL", "REDIS_URL", "QUEUE", "LOG_LEVEL", "UNDERTONE_ENV")
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        with output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", "--port", str(port)],
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def folder(place: Path) -> Iterator[Path]:
    folder = place / "data"
    yield folder
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in Path("/proc").glob("[0-9]*"):
            if process.name != str(os.getpid()) and _belongs(process, folder):
                os.kill(int(process.name), number)


def _belongs(process: Path, folder: Path) -> bool:
    try:
        return f"UNDERTONE_DATA={folder}".encode() in (process / "environ").read_bytes()
    except OSError:
        return False


def _start(folder: Path, port: int | None = None) -> RunningDemo:
    return RunningDemo(folder, folder.parent / "output", port or _free_port())


def test_a_demo_serves_stops_without_a_trace_and_picks_up_its_data_even_after_being_killed(folder: Path) -> None:
    first = _start(folder)
    first.wait_until_ready()
    with urlopen(f"http://127.0.0.1:{first.port}/sign-in/") as page:
        assert page.status == 200
    assert "clara.counselor@demo.example" in first.said
    recordings = first.recordings()
    assert len(recordings) > 60

    assert first.stop(signal.SIGINT) == 0, first.said
    assert processes_of(folder) == []
    assert sockets_of(folder) == []
    assert list((folder / "media").glob("incoming/*")) == []

    second = _start(folder)
    second.wait_until_ready()
    assert second.recordings() == recordings
    second.stop(signal.SIGKILL)
    assert soon(lambda: processes_of(folder) == [])


def test_a_taken_port_is_one_plain_sentence_and_nothing_is_started(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = _start(folder, port)
        assert demo.process.wait(READY_SECONDS) == 1
    choose = f"Please stop what uses it, or choose another: make demo PORT={port + 1}"
    assert demo.said == f"Port {port} is already in use. {choose}\n"
    assert not (folder / "postgres").exists()
