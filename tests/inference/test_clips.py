"""A clip of one voice is fit to tell it from another, or refused in plain words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from inference import clips
from inference.audio import decode
from inference.errors import BadRecording
from tests import sound

RATE = 16_000
FIRST = decode(sound.SPEECH).mono
SECOND = np.asarray(scipy.signal.resample_poly(decode(sound.SECOND_VOICE).mono, 4, 5), np.float32)


@pytest.mark.parametrize(("clip", "seconds"), [(sound.SPEECH, 36), (sound.SECOND_VOICE, 13)])
def test_one_voice_is_taken_with_its_seconds_of_speech(clip: Path, seconds: int) -> None:
    assert clips.check(clip) == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize(
    ("samples", "code", "sentence"),
    [
        (np.zeros(10 * RATE, np.float32), "silent", "This recording is silent"),
        (sound.noise(10), "no_speech", "No speech was found in this clip."),
        (FIRST[: 4 * RATE], "too_little_speech", "This clip holds 3 s of speech. At least 5 s are needed."),
        (np.tile(FIRST, 3), "too_long", "At most 60 s are of use."),
        (np.tile(FIRST, 5), "too_long", "This clip is longer than 3 minutes."),
        (np.concatenate([FIRST[: 12 * RATE], SECOND]), "analysis_failed", "Two voices are heard in this clip."),
    ],
    ids=["silence", "noise", "four seconds", "two minutes", "three and a half minutes", "two voices"],
)
def test_a_clip_that_tells_nothing_of_one_voice_is_refused(
    samples: NDArray[np.float32], code: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(BadRecording) as refused:
        clips.check(sound.write(tmp_path / "clip.wav", samples, RATE))
    assert refused.value.code == code
    assert sentence in refused.value.message


def test_an_hour_is_refused_without_being_decoded_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = sound.write(tmp_path / "hour.flac", np.zeros(3600 * 4000, np.float32), 4000)
    monkeypatch.setattr("inference.audio.av.AudioResampler", None)
    with pytest.raises(BadRecording, match="longer than 3 minutes"):
        clips.check(clip)


def test_a_text_file_is_no_clip(tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    clip.write_text("just words " * 1000)
    with pytest.raises(BadRecording, match="not audio that Undertone can read"):
        clips.check(clip)
