"""The model scores a window by itself: neither its company, nor its level, nor padding moves a score."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.affect import Calibration, WindowScores, normalized, predict, statistics
from tests.inference.small_models import small_model

RATE = 16_000


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)


def stacked(scores: WindowScores) -> np.ndarray:
    assert scores.depression is not None
    assert scores.valence is not None
    assert scores.arousal is not None
    return np.stack([scores.depression, scores.valence, scores.arousal])


def test_scores_lie_between_zero_and_one_in_the_order_of_the_windows() -> None:
    windows = [noise(6, 1), noise(4, 2), noise(6, 3), noise(4, 4)]
    scores = stacked(predict(small_model(), windows, batch_size=2))
    assert scores.shape == (3, 4)
    assert ((scores > 0) & (scores < 1)).all()
    alone = stacked(predict(small_model(), [windows[2]]))
    assert scores[:, 2] == pytest.approx(alone[:, 0], abs=1e-5)


def test_a_batch_of_many_equals_a_batch_of_one() -> None:
    windows = [noise(6, seed) for seed in range(5)]
    many = stacked(predict(small_model(), windows, batch_size=5))
    one = stacked(predict(small_model(), windows, batch_size=1))
    assert np.abs(many - one).max() <= 1e-4


@pytest.mark.parametrize("gain", [0.01, 0.1, 2.0])
def test_gain_does_not_matter(gain: float) -> None:
    here, there = predict(small_model(), [noise(6)]), predict(small_model(), [noise(6) * np.float32(gain)])
    assert stacked(here) == pytest.approx(stacked(there), abs=1e-4)


def test_digital_silence_gives_finite_scores() -> None:
    assert np.isfinite(stacked(predict(small_model(), [np.zeros(6 * RATE, np.float32)]))).all()


def test_a_constant_offset_is_removed() -> None:
    assert np.abs(normalized(np.full(1000, 0.5, np.float32))).max() < 1e-6


def test_heads_that_the_checkpoint_lacks_are_none() -> None:
    scores = predict(small_model(heads=("arousal",)), [noise(6)])
    assert scores.depression is None
    assert scores.valence is None
    assert scores.arousal is not None


def test_no_windows_give_empty_scores() -> None:
    assert stacked(predict(small_model(), [])).shape == (3, 0)


def test_progress_is_told_after_each_batch() -> None:
    heard: list[float] = []
    predict(small_model(), [noise(6)] * 5, batch_size=2, on_batch=heard.append)
    assert heard == pytest.approx([0.4, 0.8, 1.0])


def test_a_calibrated_head_moves_and_keeps_its_order() -> None:
    model = small_model()
    before = stacked(predict(model, [noise(6, 1), noise(6, 2)]))[0]
    model.calibration["depression"] = Calibration(temperature=0.5, bias=1.0)
    after = stacked(predict(model, [noise(6, 1), noise(6, 2)]))[0]
    logits = np.log(before / (1 - before))
    assert np.log(after / (1 - after)) == pytest.approx(logits * 2 + 1, abs=1e-3)


def test_pooling_leaves_masked_frames_out() -> None:
    hidden = torch.randn(2, 10, 4)
    mask = torch.ones(2, 10, dtype=torch.long)
    mask[:, 6:] = 0
    assert torch.allclose(statistics(hidden, mask), statistics(hidden[:, :6]), atol=1e-6)


def test_padding_under_a_mask_does_not_move_a_score() -> None:
    model, wave = small_model(), torch.from_numpy(normalized(noise(3)))[None]
    padded = torch.cat([wave, torch.zeros(1, 8000)], dim=1)
    mask = torch.cat([torch.ones_like(wave), torch.zeros(1, 8000)], dim=1)
    with torch.inference_mode():
        alone, with_padding = model(wave), model(padded, mask)
    assert alone["depression"].item() == pytest.approx(with_padding["depression"].item(), abs=0.02)
