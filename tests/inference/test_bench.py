"""``manage.py bench engine`` prints every stage, what it was measured on, and its peers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from inference import audio, bench
from inference.checkpoints import Checkpoint
from inference.stages import STAGES
from tests import sound


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("bench", "engine", "--checkpoint=small", "--minutes=0.4", "--threads=1", *arguments)
    return capsys.readouterr().out


def test_json_holds_every_stage_and_shares_that_add_up(
    checkpoint: Checkpoint, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "PEER_SECONDS", 2.0)
    told = json.loads(run(capsys, f"--audio={sound.SPEECH}", "--json"))
    assert tuple(stage["code"] for stage in told["stages"]) == STAGES
    assert sum(stage["share"] for stage in told["stages"]) == pytest.approx(1)
    assert told["duration"] == pytest.approx(24)
    assert told["threads"] == 1
    assert told["peak_mib"] > 100
    assert [peer["threads"] for peer in told["peers"]] == [1, 1]
    assert told["peers"][1]["ratio"] > 3  # pyin alone is slower than all of our measures


def test_a_recording_that_is_not_there_is_one_plain_sentence(checkpoint: Checkpoint) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("bench", "engine", "--checkpoint=small", "--audio=/nowhere.wav")


@pytest.mark.parametrize("wrong", ["--minutes=0", "--minutes=-1", "--threads=0"])
def test_lengths_and_threads_are_above_zero(wrong: str) -> None:
    with pytest.raises(CommandError, match="above zero"):
        call_command("bench", "engine", wrong)


def test_sound_is_repeated_to_the_asked_length(tmp_path: Path) -> None:
    joined = audio.decode(bench.joined([sound.SECOND_VOICE, sound.SPEECH], 70, tmp_path / "a.wav"))
    assert joined.duration == 70


def test_a_conversation_has_one_person_at_a_time_on_each_channel(tmp_path: Path) -> None:
    joined = audio.decode(bench.joined([sound.SPEECH, sound.SECOND_VOICE], 50, tmp_path / "a.wav", channels=2))
    left, right = np.abs(joined.channels).max(axis=1, initial=0, where=np.arange(50 * 16_000) < 42 * 16_000)
    assert left > 0.1
    assert right == 0
    assert np.abs(joined.channels[1]).max() > 0.1


def test_stereo_of_another_recording_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(CommandError, match="leave --audio or --stereo out"):
        call_command("bench", "engine", "--checkpoint=small", "--stereo", f"--audio={sound.SPEECH}")


@pytest.mark.parametrize(("load", "warned"), [(0.0, False), (1.0, True)])
def test_a_busy_machine_is_warned_of(load: float, warned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """``load``: above the number of cores."""
    monkeypatch.setattr(os, "getloadavg", lambda: (bench.cores() + load, 0.0, 0.0))
    assert ("wall times will be too long" in bench.busy()) is warned
