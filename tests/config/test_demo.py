"""``manage.py demo``, as a real program."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from urllib.request import urlopen

from tests.config.running_demo import READY_SECONDS, start
from tests.processes import processes_of, sockets_of, soon


def test_a_demo_serves_stops_without_a_trace_and_picks_up_its_data_even_after_being_killed(folder: Path) -> None:
    first = start(folder)
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

    second = start(folder)
    second.wait_until_ready()
    assert second.recordings() == recordings
    second.stop(signal.SIGKILL)
    assert soon(lambda: processes_of(folder) == [])


def test_a_taken_port_is_one_plain_sentence_and_nothing_is_started(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = start(folder, port)
        assert demo.process.wait(READY_SECONDS) == 1
    choose = f"Please stop what uses it, or choose another: make demo PORT={port + 1}"
    assert demo.said == f"Port {port} is already in use. {choose}\n"
    assert not (folder / "postgres").exists()
