"""Ctrl-C while the demonstration starts: it ends quietly and whole, at whatever moment it comes."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from config import children
from config.demo import Demo
from config.supervisor import Stopped, stoppable
from tests.config.running_demo import READY_SECONDS, RunningDemo, free_port, start
from tests.processes import processes_of, sockets_of, soon


def _loading(demo: RunningDemo) -> bool:
    return (Path("/proc") / str(demo.process.pid) / "maps").read_text().count("site-packages") > 5


def _making_files(demo: RunningDemo) -> bool:
    return (demo.folder / "postgres.new" / "PG_VERSION").exists()


def _starting_postgres(demo: RunningDemo) -> bool:
    return (demo.folder / "postgres" / "postmaster.pid").exists()


def _starting_redis(demo: RunningDemo) -> bool:
    return (demo.folder / "log" / "redis.log").exists()


def _migrating(demo: RunningDemo) -> bool:
    setup = demo.folder / "log" / "setup.log"
    return setup.exists() and "Applying" in setup.read_text()


def _starting_programs(demo: RunningDemo) -> bool:
    return (demo.folder / "log" / "worker.log").exists()


MOMENTS = [_loading, _starting_redis, _making_files, _starting_postgres, _migrating, _starting_programs]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__.strip("_"))
def test_an_interrupted_start_leaves_no_process_and_no_traceback(
    moment: Callable[[RunningDemo], bool], folder: Path
) -> None:
    demo = start(folder)
    assert soon(lambda: moment(demo), READY_SECONDS), demo.said
    code = demo.stop(signal.SIGINT)
    assert processes_of(folder) == []
    assert code in {0, 130}, demo.said
    assert "Traceback" not in demo.said
    if folder.exists():
        assert sockets_of(folder) == []


def test_a_wish_that_a_library_swallowed_is_found_at_the_next_look() -> None:
    with stoppable() as wish:
        with suppress(Stopped):
            signal.raise_signal(signal.SIGINT)
        assert wish.made
        with pytest.raises(Stopped):
            wish.check()


def test_an_error_that_hides_the_wish_to_stop_is_still_the_stop(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        with suppress(Stopped):
            signal.raise_signal(signal.SIGINT)
        raise RuntimeError

    monkeypatch.setattr("logging.disable", lambda _: None)
    monkeypatch.setattr(Demo, "_start", fail)
    monkeypatch.setattr(Demo, "_stop", lambda *_: None)
    Demo(host="127.0.0.1", port=free_port(), folder=folder).run()
    assert "Stopped." in capsys.readouterr().out


def test_the_second_ctrl_c_goes_through() -> None:
    with stoppable():
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


def test_a_wish_that_comes_while_a_program_is_being_started_waits_until_its_handle_is_kept(tmp_path: Path) -> None:
    kept = None
    with stoppable() as wish, suppress(Stopped), children.undisturbed():
        signal.raise_signal(signal.SIGINT)
        kept = children.spawn(["sleep", "60"], log=tmp_path / "log")
    assert wish.made
    assert kept is not None
    children.stop(kept, signal.SIGTERM)


def test_a_program_that_was_to_run_to_its_end_is_ended_with_its_interrupted_parent(tmp_path: Path) -> None:
    def expire(_number: int, _frame: object) -> None:
        raise Stopped

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    began = time.monotonic()
    try:
        with pytest.raises(Stopped):
            children.run(["sleep", "60"], log=tmp_path / "log", folder=tmp_path, owner=None)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - began < 10
    assert processes_of(tmp_path) == []
