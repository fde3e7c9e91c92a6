"""Training learns, goes on where it stood, and fits heads and calibration to what was asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.affect import HEADS, AffectiveModel
from inference.training import corpus
from inference.training.batches import draw_batch, window_measures
from inference.training.calibrate import Scored, calibrated, thresholds, window_spread
from inference.training.fit import Run, Stage, demo_config, fit
from inference.training.heads import fit_heads

TINY = Stage("tiny", 1.0, 4, 2, 1e-3, 1.0, 0.3, 1.0)


def clips(count: int = 4, seconds: float = 7.0) -> list[corpus.Clip]:
    """Noise that stands for clips: enough for the machinery."""
    rng, rows = np.random.default_rng(0), round(seconds * 50)
    return [
        corpus.Clip(
            rng.integers(-3000, 3000, rows * corpus.TARGET_HOP).astype(np.int16),
            rng.random((rows, 4)).astype(np.float16),
            rng.random(3).astype(np.float32),
        )
        for _ in range(count)
    ]


def test_a_run_that_was_stopped_ends_where_an_unbroken_one_does(tmp_path: Path) -> None:
    torch.use_deterministic_algorithms(False)
    whole = fit(clips(), tmp_path / "whole.pt", (TINY, TINY))
    fit(clips(), tmp_path / "parts.pt", (TINY,))
    parts = fit(clips(), tmp_path / "parts.pt", (TINY, TINY))
    moved = [float((a - b).detach().abs().max()) for a, b in zip(whole.parameters(), parts.parameters(), strict=True)]
    assert max(moved) < 5e-3


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first = fit(clips(), tmp_path / "state.pt", (TINY,))
    again = fit(clips(), tmp_path / "state.pt", (TINY,))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert Run(tmp_path / "state.pt", 0).stage == 1


def test_a_batch_is_normalised_and_reproducible() -> None:
    once, again = (draw_batch(clips(), 6, 2.0, np.random.default_rng(3)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(once.columns, again.columns, strict=True))
    assert once.waves.shape == (6, 32_000)
    assert once.targets.shape == (6, 100, 4)
    spread = once.waves.std(axis=1)
    assert all(value == pytest.approx(1, abs=1e-2) or value == 0 for value in spread)


def test_windows_without_speech_stand_for_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.training.batches.NO_SPEECH_SHARE", 1.0)
    batch = draw_batch(clips(), 3, 2.0, np.random.default_rng(0))
    assert (batch.latents == 0.5).all()
    assert not batch.speech.any()


def test_measures_of_a_window_have_their_units() -> None:
    rows = np.zeros((100, 4), np.float32)
    rows[:50] = [1.0, 1.0, 0.0, 0.8]
    rows[25:50, 0] = 2.0
    rows[50:, 2] = -3.0
    spread, pauses, rate, mean, level = window_measures(rows)
    assert (spread, pauses, rate, mean, level) == pytest.approx((3.0, 0.5, 0.4, 1.5, 0.0))


def test_heads_learn_what_the_statistics_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.training.heads.STEPS", 150)
    torch.manual_seed(0)
    model = AffectiveModel(demo_config(), HEADS).eval()
    pooled = torch.randn(500, 2 * 128 + 4 * 4) * 3 + 5
    truth = torch.sigmoid(pooled[:, -3:] - 5)
    fit_heads(model, pooled, truth)
    with torch.inference_mode():
        found = torch.sigmoid(model.logits(pooled)["depression"])
    assert np.corrcoef(found, truth[:, 0])[0, 1] > 0.95


def test_depression_hears_cues_and_no_timbre(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.training.heads.STEPS", 5)
    model = AffectiveModel(demo_config(), HEADS).eval()
    pooled = torch.randn(50, 2 * 128 + 4 * 4)
    fit_heads(model, pooled, torch.rand(50, 3))
    other = pooled.clone()
    other[:, : 2 * 128] = 0
    with torch.inference_mode():
        before, after = model.logits(pooled), model.logits(other)
    assert torch.allclose(before["depression"], after["depression"])
    assert not torch.allclose(before["valence"], after["valence"])


def test_calibration_makes_scores_agree_with_truth() -> None:
    torch.manual_seed(0)
    model = AffectiveModel(demo_config(), HEADS).eval()
    scored = calibrated(model, clips(20))
    assert scored.score["arousal"].mean() == pytest.approx(scored.truth["arousal"].mean(), abs=0.05)


def test_thresholds_leave_one_in_ten_on_the_wrong_side() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(2000)
    score = np.clip(truth + rng.normal(0, 0.2, 2000), 0, 1)
    pairs = np.repeat(score, 2)
    pairs[1::2] += 0.02
    scored = Scored(
        np.repeat(np.arange(2000), 2), dict.fromkeys(HEADS, np.repeat(truth, 2)), dict.fromkeys(HEADS, pairs)
    )
    found = thresholds(scored)["depression"]
    mean = score + 0.01
    assert np.mean(mean[truth > 0.5] < found.low) == pytest.approx(0.1, abs=0.01)
    assert np.mean(mean[truth <= 0.5] > found.high) == pytest.approx(0.1, abs=0.01)
    assert window_spread(scored)["depression"] == pytest.approx(0.02 / np.sqrt(2), abs=1e-3)
