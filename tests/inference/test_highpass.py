"""Mains hum and a constant offset are gone before anything listens, and voices are left as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference import checkpoints, highpass
from inference.biomarkers import measure
from inference.highpass import take_hum_away
from inference.pipeline import Options, analyze
from inference.results import HEADS, Analysis, Span, Turn
from tests import sound

Samples = NDArray[np.float32]


def filtered(samples: Samples) -> Samples:
    kept = samples.copy()
    take_hum_away(kept)
    return kept


def fall(hertz: float) -> float:
    """dB by which a tone falls, away from the ends."""
    tone = sound.tone(3, hertz=hertz)
    return float(20 * np.log10(tone[8_000:-8_000].std() / filtered(tone)[8_000:-8_000].std()))


@pytest.mark.parametrize("hertz", [5, 16.7, 50, 60])
def test_the_mains_and_what_lies_below_fall_by_at_least_forty_decibels(hertz: float) -> None:
    assert fall(hertz) > 40


@pytest.mark.parametrize("hertz", [80, 100, 150, 1000, 7900])
def test_what_a_voice_makes_stays(hertz: float) -> None:
    assert fall(hertz) == pytest.approx(0, abs=0.1)
    tone = sound.tone(3, hertz=hertz)
    assert np.abs(filtered(tone) - tone)[8_000:-8_000].max() < 0.005


def test_an_offset_is_gone_from_the_first_sample_to_the_last(speech: Samples) -> None:
    assert np.abs(filtered(speech + np.float32(0.1)) - filtered(speech)).max() < 1e-5


@pytest.mark.parametrize("length", [0, 1, 2, 100, 1320, 1321, 5000])
def test_a_recording_of_any_length_is_filtered(length: int) -> None:
    samples = filtered(np.full(length, 0.25, np.float32))
    assert len(samples) == length
    assert np.abs(samples).max(initial=0.0) < 1e-5


def test_blocks_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = sound.noise(2)
    whole = filtered(samples)
    monkeypatch.setattr(highpass, "BLOCK", 1000)
    assert np.abs(filtered(samples) - whole).max() < 1e-6


def test_clipped_samples_and_lost_stretches_are_neither_hidden_nor_made(speech: Samples) -> None:
    defective = np.clip(speech * 10, -1, 1)
    defective[50_000:50_400] = 0
    kept = filtered(defective)
    assert np.array_equal(np.abs(kept) >= 0.985, np.abs(defective) >= 0.985)
    assert not kept[50_000:50_400].any()


@pytest.mark.parametrize("hertz", [80.0, 120.0])
def test_the_pitch_of_a_low_voice_does_not_move(hertz: float) -> None:
    low, span = sound.voice(np.full(16_000 * 3, hertz)), [Span(0, 3)]
    found = measure(filtered(low), 16_000, [Turn(0, 3, "patient")], span)["f0_mean"].value
    assert found == pytest.approx(hertz, abs=0.2)


@pytest.fixture(scope="module")
def clean() -> Analysis:
    return analyze(sound.SPEECH, Options(), checkpoints.load())


@pytest.mark.parametrize("defect", ["hum 0.005", "hum 0.02", "offset 0.01", "offset 0.1"])
def test_hum_and_offset_move_neither_scores_nor_measures(
    clean: Analysis, speech: Samples, tmp_path: Path, defect: str
) -> None:
    kind, size = defect.split()
    added = sound.tone(len(speech) / 16_000 + 1, hertz=50, peak=float(size))[: len(speech)]
    poor = speech + (added if kind == "hum" else np.float32(size))
    path = sound.write(tmp_path / "a.flac", poor, 16_000)
    found = analyze(path, Options(), checkpoints.load())
    for head in HEADS:
        assert found.scores[head].value == pytest.approx(clean.scores[head].value, abs=0.02)
        assert found.scores[head].state == clean.scores[head].state
    for code, measured in clean.biomarkers.items():
        if measured.value is not None:
            assert found.biomarkers[code].value == pytest.approx(measured.value, rel=0.02, abs=0.05), code
