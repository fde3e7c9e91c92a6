"""The demonstration's address and data folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from config import demo
from config.demo import CannotStart


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "media" / "recordings").mkdir(parents=True)
    (folder / "media" / "recordings" / "one").write_bytes(b"sound")
    (folder / "secret_key").write_text("secret")
    (folder / "access-log-anchors").write_text("")
    return folder


def test_starting_over_deletes_the_data(folder: Path) -> None:
    demo.reset(folder)
    assert not folder.exists()


def test_starting_over_keeps_files_that_are_not_undertones(folder: Path) -> None:
    (folder / "thesis.txt").write_text("mine")
    demo.reset(folder)
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_starting_over_is_refused_while_a_demo_runs(folder: Path) -> None:
    with demo.alone_in(folder), pytest.raises(CannotStart, match="already running"):
        demo.reset(folder)
    assert (folder / "secret_key").exists()


def test_a_second_demo_on_the_same_data_is_refused(folder: Path) -> None:
    with demo.alone_in(folder), pytest.raises(CannotStart, match="Please stop it first"), demo.alone_in(folder):
        pass


def test_an_address_of_another_machine_is_a_plain_sentence() -> None:
    with pytest.raises(CannotStart, match=r"'192\.0\.2\.1' is no address of this machine"):
        demo.require_free_port("192.0.2.1", 8000)


@pytest.mark.parametrize("port", ["", "0", "65536", "http", "-1"])
def test_a_port_that_is_no_port_is_a_plain_sentence(
    port: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo.Demo, "run", lambda self: pytest.fail("it was started"))
    with pytest.raises(SystemExit) as end:
        call_command("demo", f"--port={port}")
    assert end.value.code == 1
    assert "PORT must be a number from 1 to 65535" in capsys.readouterr().err
