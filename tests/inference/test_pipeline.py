"""The whole road: same file, same analysis; every bad recording ends in its own error; stages are told as they pass."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference import checkpoints
from inference.checkpoints import Checkpoint
from inference.errors import (
    AnalysisError,
    BadOptions,
    EmptyFile,
    InvalidSamples,
    NoAudioStream,
    NoSamples,
    NoSpeech,
    NotAudio,
    Silent,
    TooLittleSpeech,
    TooLong,
    Truncated,
)
from inference.pipeline import STAGE_LABELS, STAGES, Options, analyze
from inference.results import HEADS, Analysis
from tests import sound
from tests.inference.small_models import saved_checkpoint

Samples = NDArray[np.float32]


@pytest.fixture
def analysis(checkpoint: Checkpoint) -> Analysis:
    return analyze(sound.SPEECH, Options(), checkpoint)


def test_every_part_of_an_analysis_is_there(analysis: Analysis, checkpoint: Checkpoint) -> None:
    assert analysis.checkpoint == checkpoint.identity
    assert analysis.duration == pytest.approx(42.86, abs=0.01)
    assert 34 < analysis.speech_seconds < 39
    assert analysis.quality.ok
    assert analysis.speaker_method == "single_voice"
    assert all(0 <= score.low <= score.value <= score.high <= 1 for score in analysis.scores.values())  # type: ignore[operator]
    unknown = {code for code, measure in analysis.biomarkers.items() if measure.value is None}
    assert unknown == {"response_latency", "talk_ratio"}  # nobody else speaks
    assert len(analysis.peaks) == 1000


def test_the_timeline_covers_the_patients_turns(analysis: Analysis) -> None:
    timeline = analysis.timeline
    assert timeline.start[0] == analysis.turns[0].start
    assert timeline.end[-1] == pytest.approx(analysis.turns[-1].end)
    lengths = {len(column) for column in dataclasses.astuple(timeline)}
    assert lengths == {len(timeline.start)}
    assert all(0 <= value <= 1 for value in timeline.depression if value is not None)


def test_the_same_file_gives_the_same_analysis(analysis: Analysis, checkpoint: Checkpoint) -> None:
    again = analyze(sound.SPEECH, Options(), checkpoint)
    assert dataclasses.replace(again, timings={}) == dataclasses.replace(analysis, timings={})


def test_gain_changes_no_score(speech: Samples, checkpoint: Checkpoint, tmp_path: Path) -> None:
    loud, quiet = (
        analyze(sound.write(tmp_path / f"{gain}.flac", speech * np.float32(gain), 16_000), Options(), checkpoint)
        for gain in (1.0, 0.2)
    )
    for head in HEADS:
        assert quiet.scores[head].value == pytest.approx(loud.scores[head].value, abs=0.005)


def test_silence_around_speech_changes_no_score(speech: Samples, checkpoint: Checkpoint, tmp_path: Path) -> None:
    around = np.concatenate([sound.noise(20, rms=3e-4), speech, sound.noise(30, rms=3e-4, seed=1)])
    short, long = (
        analyze(sound.write(tmp_path / f"{len(samples)}.flac", samples, 16_000), Options(), checkpoint)
        for samples in (speech, around)
    )
    assert long.duration == pytest.approx(short.duration + 50, abs=0.1)
    assert long.speech_seconds == pytest.approx(short.speech_seconds, abs=0.3)
    for head in HEADS:
        assert long.scores[head].value == pytest.approx(short.scores[head].value, abs=0.01)


def test_only_the_patients_channel_is_scored(
    speech: Samples, second_voice: Samples, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    channels, begin = sound.conversation(speech, second_voice)
    path = sound.write(tmp_path / "a.flac", channels, 16_000)
    analysis = analyze(path, Options(patient_channel="left"), checkpoint)
    assert analysis.timeline.start[0] > begin
    assert {turn.speaker for turn in analysis.turns if turn.end < begin} == {"counselor"}
    with pytest.raises(BadOptions):
        analyze(path, Options(), checkpoint)


def test_a_poor_recording_is_indeterminate(speech: Samples, checkpoint: Checkpoint, tmp_path: Path) -> None:
    poor = analyze(sound.write(tmp_path / "a.flac", speech[: 16_000 * 20], 16_000), Options(), checkpoint)
    assert [check.code for check in poor.quality.checks if not check.ok] == ["speech_seconds"]
    assert {score.state for score in poor.scores.values()} == {"indeterminate"}


def test_a_head_that_the_checkpoint_lacks_is_unavailable_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_checkpoint(tmp_path, heads=["arousal"])
    monkeypatch.setenv("UNDERTONE_CHECKPOINTS", str(tmp_path))
    analysis = analyze(sound.SPEECH, Options(), checkpoints.load("small"))
    assert analysis.scores["arousal"].value is not None
    assert analysis.scores["depression"].state == "unavailable"
    assert analysis.scores["depression"].reason == "The checkpoint small does not score depression."
    assert set(analysis.timeline.depression) == {None}


def test_where_affect_is_withheld_the_model_is_not_asked(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.affect.predict", lambda *_, **__: pytest.fail("the model was asked"))
    analysis = analyze(sound.SPEECH, Options(withhold_affect="The clinic switched this off."), checkpoint)
    assert {score.reason for score in analysis.scores.values()} == {"The clinic switched this off."}
    assert analysis.biomarkers["f0_mean"].value is not None


def test_progress_names_every_stage_in_order_and_never_falls(checkpoint: Checkpoint) -> None:
    heard: list[tuple[str, float]] = []
    analysis = analyze(sound.SPEECH, Options(), checkpoint, progress=lambda *told: heard.append(told))
    fractions = [fraction for _, fraction in heard]
    assert tuple(dict.fromkeys(stage for stage, _ in heard)) == STAGES
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == pytest.approx(1)
    assert tuple(analysis.timings) == STAGES
    assert tuple(STAGE_LABELS) == STAGES


def test_what_progress_raises_ends_the_analysis(checkpoint: Checkpoint) -> None:
    class Cancelled(Exception):
        pass

    def refuse(stage: str, _: float) -> None:
        if stage == "measures":
            raise Cancelled

    with pytest.raises(Cancelled):
        analyze(sound.SPEECH, Options(), checkpoint, progress=refuse)


def zero_samples(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))


def five_hours(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 1, 8_000, 0, "NONE", ""))
        file.writeframes(bytes(5 * 3600 * 8_000))


def with_a_nan(path: Path) -> None:
    samples = sound.tone(4)
    samples[1000] = np.nan
    sound.write(path, samples, 16_000, codec="pcm_f32le")


def two_words(path: Path) -> None:
    from inference import audio

    sound.write(path, audio.decode(sound.SPEECH).mono[: 16_000 * 3], 16_000)


def film(path: Path) -> None:
    sound.write_video(path.with_suffix(".mp4")).rename(path)


BAD = {
    NotAudio: lambda path: path.write_text("not audio"),
    EmptyFile: lambda path: path.touch(),
    NoSamples: zero_samples,
    Silent: lambda path: sound.write(path, np.zeros(160_000, np.float32), 16_000),
    NoSpeech: lambda path: sound.write(path, sound.music(10), 16_000),
    TooLittleSpeech: two_words,
    TooLong: five_hours,
    Truncated: lambda path: path.write_bytes(sound.SPEECH.read_bytes()[:50_000]),
    InvalidSamples: with_a_nan,
    NoAudioStream: film,
}


@pytest.mark.parametrize("error", BAD, ids=lambda error: error.code)
def test_a_bad_recording_is_refused_with_its_own_error(
    error: type[AnalysisError], checkpoint: Checkpoint, tmp_path: Path
) -> None:
    BAD[error](tmp_path / "a.wav")
    with pytest.raises(error) as raised:
        analyze(tmp_path / "a.wav", Options(), checkpoint)
    assert type(raised.value) is error
    assert raised.value.message.endswith(".")
    assert "a.wav" not in raised.value.message


def test_importing_the_pipeline_imports_neither_torch_nor_django() -> None:
    code = "import sys, inference.pipeline; sys.exit(bool({'torch', 'django', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def without_a_voice(what: str, seconds: int = 40) -> Samples:
    """Long enough for a score, if anybody spoke."""
    rng, time = np.random.default_rng(0), np.arange(seconds * 16_000) / 16_000
    if what == "hum":
        partials = sum(np.sin(2 * np.pi * hertz * time) / number for number, hertz in enumerate((50, 100, 150, 250), 1))
        return (0.05 * partials + rng.normal(0, 1e-3, len(time))).astype(np.float32)
    if what == "music":
        return sound.music(seconds)
    pink = np.fft.rfft(rng.normal(size=len(time)))
    pink /= np.sqrt(np.maximum(np.arange(len(pink)), 1))
    noise = {"white noise": rng.normal(0, 0.05, len(time)), "pink noise": np.fft.irfft(pink, len(time))}
    return np.asarray(noise[what] * 0.05 / noise[what].std(), np.float32)


@pytest.mark.parametrize("what", ["hum", "music", "white noise", "pink noise"])
def test_what_is_no_voice_gets_no_score_and_is_told_why(what: str, checkpoint: Checkpoint, tmp_path: Path) -> None:
    file = sound.write(tmp_path / "sound.wav", without_a_voice(what), 16_000)
    with pytest.raises(NoSpeech, match="No speech was found"):
        analyze(file, Options(), checkpoint)
