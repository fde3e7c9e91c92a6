"""Samples on disk: read like any array, gone with the process, out of memory once passed, never a cause of death."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference import audio, scratch
from inference.checkpoints import Checkpoint
from inference.levels import batches, chunk_powers, frames_of
from inference.pipeline import analyze
from inference.results import Analysis
from inference.speakers import Options
from tests import sound

Samples = NDArray[np.float32]

MIB = 2**20


def noise(length: int, rows: int = 1) -> Samples:
    return np.random.default_rng(1).normal(0, 0.1, (rows, length)).astype(np.float32)


def stored(values: Samples) -> Samples:
    rows = scratch.room(*values.shape)
    for row, samples in zip(rows, values, strict=True):
        scratch.write(row, samples)
    return rows


def resident(array: Samples) -> int:
    """Bytes of the map behind ``array`` that lie in memory."""
    place, inside = array.ctypes.data, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split(maxsplit=1)[0]
        if "-" in first:
            start, end = (int(edge, 16) for edge in first.split("-"))
            inside = start <= place < end
        elif inside and first == "Rss:":
            return int(line.split()[1]) * 1024
    raise AssertionError("the array lies nowhere")


def test_what_was_written_is_read_back() -> None:
    values = noise(5000, rows=2)
    rows = stored(values)
    scratch.write(rows[1][100:200], np.ones(100, np.float32))
    values[1, 100:200] = 1
    assert np.array_equal(rows, values)
    scratch.release(rows)
    assert np.array_equal(rows, values)


def test_an_array_in_memory_is_written_too() -> None:
    values = np.zeros(10, np.float32)
    scratch.write(values[2:4], np.ones(2, np.float32))
    scratch.release(values)
    assert values.tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0, 0]


def test_nothing_is_written_past_the_only_road() -> None:
    with pytest.raises(ValueError, match="read-only"):
        stored(noise(10))[0][0] = 1.0


def test_blocks_leave_memory_once_passed() -> None:
    samples = stored(noise(16 * MIB // 4))[0]
    assert sum(len(block) for block in scratch.blocks(samples, MIB // 4)) == len(samples)
    assert resident(samples) <= MIB
    assert samples.max() > 0  # all of it, so all of it is in memory
    assert resident(samples) >= 15 * MIB


def test_levels_and_frames_of_a_long_recording_leave_memory_too() -> None:
    samples = stored(noise(16 * MIB // 4))[0]
    chunk_powers(samples, 512)
    frames = frames_of(samples, 800, 160)
    for _ in batches(frames, np.arange(0, len(frames), 3), 250):
        pass
    assert resident(samples) <= 2 * MIB


def test_a_decoded_recording_has_no_file_that_could_be_left_behind(tmp_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from inference.audio import decode
kept = decode(Path(sys.argv[1]))
print(len(os.listdir(os.environ["TMPDIR"])), kept.channels.shape[1] > 0)
"""
    told = subprocess.run(
        [sys.executable, "-c", code, str(sound.SPEECH)],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["0", "True"]


def test_a_disk_that_takes_no_more_is_an_os_error() -> None:
    code = """
import resource
import numpy as np
from inference import scratch
samples = scratch.room(1, 2**20)[0]
resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))
try:
    scratch.write(samples, np.ones(2**20, np.float32))
except OSError as error:
    print("told", samples[0], samples[-1])
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["told", "1.0", "0.0"]


def test_no_folder_for_temporary_files_is_not_taken_for_a_missing_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with pytest.raises(OSError, match="temporary") as told:
        scratch.room(1, 10)
    assert not isinstance(told.value, FileNotFoundError)


def conversation(folder: Path) -> Path:
    """Two voices in turn, each with a channel and faint on the other's."""
    first, second = (np.array(audio.decode(file).mono) for file in (sound.SPEECH, sound.SECOND_VOICE))
    left = np.concatenate([first, np.zeros_like(second)])
    right = np.concatenate([np.zeros_like(first), second])
    channels = np.stack([left + 0.1 * right, right + 0.1 * left]) + 0.01 * noise(len(left), rows=2)
    return sound.write(folder / "conversation.wav", channels, 16_000)


def analysed_in_memory(
    path: Path, options: Options, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> Analysis:
    with monkeypatch.context() as patch:
        patch.setattr(scratch, "room", lambda rows, length: np.zeros((rows, length), np.float32))
        patch.setattr(scratch, "BLOCK", 2**30)
        return analyze(path, options, checkpoint)


@pytest.mark.parametrize("channel", [None, "left"])
def test_an_analysis_from_disk_is_that_from_memory_to_the_last_bit(
    channel: str | None, checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, options = (conversation(tmp_path), Options(patient_channel="left")) if channel else (sound.SPEECH, Options())
    from_disk = analyze(path, options, checkpoint)
    in_memory = analysed_in_memory(path, options, checkpoint, monkeypatch)
    assert replace(from_disk, timings={}) == replace(in_memory, timings={})


def test_two_channels_are_mixed_as_their_mean() -> None:
    values = noise(scratch.BLOCK + 1000, rows=2)
    assert np.array_equal(audio.mix(stored(values)), values.mean(axis=0, dtype=np.float32))
