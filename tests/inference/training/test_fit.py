"""Training learns, goes on where it stood, and fits heads and calibration to what was asked."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.affect import HEADS, AffectiveModel
from inference.training import corpus
from inference.training.batches import draw_batch, window_measures
from inference.training.calibrate import SPREAD_SHARE, Scored, calibrated, thresholds, window_spread
from inference.training.fit import Run, Stage, demo_config, fit
from inference.training.heads import fit_heads
from inference.training.prosody import Latents

TINY = Stage("tiny", 1.0, 4, 2, 1e-3, 1.0, 0.3, 1.0)


def clips(count: int = 4, seconds: float = 7.0) -> list[corpus.Clip]:
    """Noise that stands for clips: enough for the machinery."""
    rng, rows = np.random.default_rng(0), round(seconds * 50)
    return [
        corpus.Clip(
            rng.integers(-3000, 3000, rows * corpus.TARGET_HOP).astype(np.int16),
            rng.random((rows, 7)).astype(np.float16),
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


def test_it_makes_no_difference_how_many_processes_draw(tmp_path: Path) -> None:
    one, two = (fit(clips(), tmp_path / f"{number}.pt", (TINY,), processes=number) for number in (1, 2))
    moved = [float((a - b).detach().abs().max()) for a, b in zip(one.parameters(), two.parameters(), strict=True)]
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
    assert once.targets.shape == (6, 100, 7)
    spread = once.waves.std(axis=1)
    assert all(value == pytest.approx(1, abs=1e-2) or value == 0 for value in spread)


def test_windows_without_speech_stand_for_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.training.batches.NO_SPEECH_SHARE", 1.0)
    batch = draw_batch(clips(), 3, 2.0, np.random.default_rng(0))
    assert (batch.latents == 0.5).all()
    assert not batch.speech.any()


def test_measures_of_a_window_have_their_units() -> None:
    rows = np.zeros((100, 7), np.float32)
    rows[:50] = [1.0, 1.0, 0.0, 0.8, -1.2, -0.5, -0.9]
    rows[25:50, 0] = 2.0
    rows[50:, 2] = -2.0
    spread, pauses, rate, mean, level, *colour = window_measures(rows)
    assert (spread, pauses, rate, mean, level) == pytest.approx((3.0, 0.5, 0.4, 1.5, 0.0))
    assert colour == pytest.approx([-1.2, -0.5, -0.9])


def test_heads_learn_what_the_statistics_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.training.heads.STEPS", 150)
    torch.manual_seed(0)
    model = AffectiveModel(demo_config(), HEADS).eval()
    pooled = torch.randn(500, 1, 2 * 128 + 4 * 7).expand(-1, 2, -1) * 3 + 5
    truth = torch.sigmoid(pooled[:, 0, -3:] - 5)
    fit_heads(model, pooled, truth)
    with torch.inference_mode():
        found = model.logits(pooled[:, 0])
    for place, head in enumerate(fields(Latents)):
        assert np.corrcoef(torch.sigmoid(found[head.name]), truth[:, place])[0, 1] > 0.95


@pytest.mark.parametrize("cues_alone", [True, False])
def test_heads_hear_cues_and_no_timbre_unless_told_to(monkeypatch: pytest.MonkeyPatch, cues_alone: bool) -> None:
    monkeypatch.setattr("inference.training.heads.STEPS", 5)
    model = AffectiveModel(demo_config(), HEADS).eval()
    pooled = torch.randn(50, 2, 2 * 128 + 4 * 7)
    fit_heads(model, pooled, torch.rand(50, 3), cues_alone=cues_alone)
    other = pooled.clone()
    other[..., : 2 * 128] = 0
    with torch.inference_mode():
        before, after = model.logits(pooled), model.logits(other)
    assert all(torch.allclose(before[head], after[head]) is cues_alone for head in HEADS)


def test_two_recordings_of_a_moment_are_scored_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.training.heads.STEPS", 150)
    model = AffectiveModel(demo_config(), HEADS).eval()
    torch.manual_seed(0)
    pooled = torch.randn(400, 1, 2 * 128 + 4 * 7).repeat(1, 2, 1)
    # Two statistics tell the same; what disturbs a recording moves the first of them.
    pooled[..., -2] = pooled[..., -1]
    pooled[:, 1, -2] += torch.randn(400)
    truth = torch.sigmoid(2 * pooled[:, 0, -1:]).expand(-1, 3)
    apart = []
    for two_ears in (0.0, 1.0):
        fit_heads(model, pooled, truth, two_ears=two_ears)
        with torch.inference_mode():
            odds = model.logits(pooled)["depression"]
        apart.append(float((odds[:, 0] - odds[:, 1]).abs().mean() / odds.std()))
    assert apart[1] < 0.8 * apart[0]


def test_a_cue_that_counts_for_nothing_among_others_counts_where_it_changes_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("inference.training.heads.STEPS", 150)
    model = AffectiveModel(demo_config(), HEADS).eval()
    torch.manual_seed(0)
    pooled = torch.randn(400, 1, 2 * 128 + 4 * 7).repeat(1, 2, 1)
    truth = torch.sigmoid(2 * pooled[:, 0, -1:]).expand(-1, 3)
    pairs = torch.zeros(50, 2, pooled.shape[-1])
    pairs[:, 1, -2] = -1.0
    moved = []
    for shown in (None, pairs):
        fit_heads(model, pooled, truth, pairs=shown)
        with torch.inference_mode():
            less, more = model.logits(pairs)["depression"].unbind(dim=1)
        moved.append(float((more - less).mean()))
    assert abs(moved[0]) < 0.2
    assert moved[1] > 0.3


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


def test_the_spread_of_a_window_is_that_around_its_clip() -> None:
    rng = np.random.default_rng(1)
    odds = np.repeat(rng.normal(0, 1.5, 3000), 3) + rng.normal(0, 0.5, 9000)
    score = dict.fromkeys(HEADS, 1 / (1 + np.exp(-odds)))
    scored = Scored(np.repeat(np.arange(3000), 3), score, score)
    assert window_spread(scored) == pytest.approx({head: 0.5 * SPREAD_SHARE[head] for head in HEADS}, abs=0.02)
