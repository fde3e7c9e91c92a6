"""``manage.py analyze``: one line per file, whatever the file, with no database and no server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from inference.errors import BadChannel
from inference.management.commands import analyze as command
from tests import sound

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def small_checkpoint(checkpoint_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERTONE_CHECKPOINTS", str(checkpoint_folder))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit status and standard output of the command."""
    status = 0
    try:
        call_command("analyze", *arguments, "--checkpoint=small")
    except SystemExit as left:
        status = int(left.code or 0)
    return status, capsys.readouterr().out


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_each_file_gets_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, output = run(capsys, str(sound.SPEECH), str(sound.SECOND_VOICE), "--json")
    assert status == 0
    assert [line["file"] for line in lines(output)] == [str(sound.SPEECH), str(sound.SECOND_VOICE)]
    assert all(line["scores"]["depression"]["value"] is not None for line in lines(output))


def test_a_bad_file_costs_the_others_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_text("no sound")
    status, output = run(capsys, str(tmp_path / "bad.wav"), str(tmp_path / "none.wav"), str(sound.SPEECH), "--json")
    bad, missing, good = lines(output)
    assert status == 1
    assert bad["error"]["code"] == "not_audio"
    assert missing["error"]["code"] == "not_found"
    assert "scores" in good


def test_what_nobody_foresaw_is_an_error_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = command.analyze
    answers = iter([ZeroDivisionError("a detail for engineers"), None])

    def sometimes(*arguments: Any) -> Any:
        error = next(answers)
        if error:
            raise error
        return real(*arguments)

    monkeypatch.setattr(command, "analyze", sometimes)
    with pytest.raises(SystemExit, match="1"):
        call_command("analyze", "--json", "--checkpoint=small", str(sound.SPEECH), str(sound.SPEECH))
    captured = capsys.readouterr()
    broken, good = lines(captured.out)
    assert broken["error"]["code"] == "internal_error"
    assert "engineers" not in broken["error"]["message"]
    assert "a detail for engineers" in captured.err
    assert "scores" in good


def test_an_unknown_checkpoint_is_said_of_every_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("analyze", "--json", "--checkpoint=nobody", str(sound.SPEECH), str(sound.SPEECH))
    codes = [line["error"]["code"] for line in lines(capsys.readouterr().out)]
    assert codes == ["checkpoint_unavailable"] * 2


def test_options_reach_the_engine(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rttm = tmp_path / "a.rttm"
    rttm.write_text("SPEAKER s 1 0.0 20.0 <NA> <NA> P <NA> <NA>\nSPEAKER s 1 20.0 30.0 <NA> <NA> C <NA> <NA>\n")
    _, output = run(capsys, str(sound.SPEECH), "--json", "--rttm", str(rttm), "--patient", "P")
    (line,) = lines(output)
    assert line["speaker_method"] == "rttm"
    assert line["speech_seconds"] < 20
    status, output = run(capsys, str(sound.SPEECH), "--json", "--patient-channel", "left")
    assert (status, lines(output)[0]["error"]["code"]) == (1, BadChannel.code)


def test_text_is_for_people_and_carries_the_checkpoints_warning(capsys: pytest.CaptureFixture[str]) -> None:
    status, output = run(capsys, str(sound.SPEECH))
    assert status == 0
    assert "Mean pitch" in output
    assert "random weights, for tests" in output


@pytest.mark.parametrize("name", ["a\u202egpj.wav", "a\nb.wav", "..", "a\udcff.wav", "-", "http:", "a\0b"])
def test_a_hostile_name_is_escaped_and_harmless(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    path = f"{tmp_path}/{name}"
    if "\0" not in name and name != "..":
        os.rename(sound.write(tmp_path / "plain.wav", np.zeros(16_000, np.float32), 16_000), path)  # noqa: PTH104
    status, output = run(capsys, path, "--json")
    (line,) = lines(output)
    assert status == 1
    assert line["file"] == path
    assert output.isascii()
    assert line["error"]["code"] == {"a\0b": "not_found", "..": "not_found"}.get(name, "silent")


def test_the_command_needs_no_database_and_no_server(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run(
        [sys.executable, "manage.py", "analyze", "--json", "--checkpoint=small", str(sound.SPEECH)],
        cwd=ROOT,
        env=os.environ | nowhere | {"UNDERTONE_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert lines(done.stdout)[0]["speech_seconds"] > 30
    assert list(tmp_path.iterdir()) == []
