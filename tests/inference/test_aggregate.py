"""A recording's score, its interval and its state."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inference.aggregate import Thresholds, aggregate
from inference.results import Score

MIDDLE = Thresholds(low=0.35, high=0.65)


def score_of(values: list[float], weights: list[float] | None = None, **options: object) -> Score:
    settings: dict[str, object] = {"reliable": True, "missing_reason": "no head", "window_sd": 0.05} | options
    seconds = np.array(weights if weights is not None else [6.0] * len(values))
    return aggregate(np.array(values, np.float32), seconds, MIDDLE, **settings)  # type: ignore[arg-type]


def width(score: Score) -> float:
    assert score.low is not None
    assert score.high is not None
    return score.high - score.low


def test_windows_with_more_speech_count_more() -> None:
    assert score_of([0.2, 0.8], [1.0, 3.0]).value == pytest.approx(0.65)


def test_a_missing_head_is_unavailable_with_its_reason() -> None:
    score = aggregate(None, np.ones(3), MIDDLE, reliable=True, missing_reason="This checkpoint has no valence head.")
    assert score == Score.unavailable("This checkpoint has no valence head.")


def test_no_speech_at_all_is_unavailable() -> None:
    assert score_of([0.5, 0.5], [0.0, 0.0]).state == "unavailable"


@pytest.mark.parametrize(("level", "state"), [(0.1, "low"), (0.5, "indeterminate"), (0.9, "elevated")])
def test_the_state_follows_the_thresholds(level: float, state: str) -> None:
    assert score_of([level] * 40).state == state


def test_an_interval_across_a_threshold_is_indeterminate() -> None:
    assert score_of([0.3, 1.0] * 4).state == "indeterminate"


def test_a_score_from_a_poor_recording_is_indeterminate() -> None:
    score = score_of([0.9] * 40, reliable=False)
    assert score.state == "indeterminate"
    assert score.value == pytest.approx(0.9)


def test_one_window_has_the_wide_interval_of_one_window() -> None:
    assert width(score_of([0.5], window_sd=0.4)) == pytest.approx(2 * 1.645 * 0.4 / 4, rel=0.05)


def test_a_score_near_the_end_of_the_scale_moves_less() -> None:
    assert width(score_of([0.95], window_sd=0.4)) < width(score_of([0.5], window_sd=0.4)) / 2


def test_more_windows_narrow_the_interval() -> None:
    noise = np.random.default_rng(3)
    widths = [width(score_of(list(noise.normal(0.5, 0.1, count)), window_sd=0.4)) for count in (2, 20, 200)]
    assert widths[0] > widths[1] > widths[2]


def test_windows_that_move_together_widen_the_interval() -> None:
    independent = list(np.tile([0.4, 0.6], 32))
    drifting = [0.4] * 32 + [0.6] * 32
    assert width(score_of(drifting, window_sd=0.0)) > width(score_of(independent, window_sd=0.0))


def test_the_interval_covers_the_truth_about_nine_times_in_ten() -> None:
    noise, hits = np.random.default_rng(5), 0
    for _ in range(200):
        steps = noise.normal(0.5, 0.1, 41)
        score = score_of(list((steps[1:] + steps[:-1]) / 2), window_sd=0.283)
        assert score.low is not None
        assert score.high is not None
        hits += score.low <= 0.5 <= score.high
    assert 0.83 <= hits / 200 <= 0.97


def test_the_same_windows_give_the_same_interval() -> None:
    values = list(np.random.default_rng(1).random(30))
    assert score_of(values) == score_of(values)


@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 1)), st.floats(0, 3.0))
def test_the_interval_holds_the_value_and_stays_within_bounds(values: np.ndarray, spread: float) -> None:
    score = score_of(list(values), window_sd=spread)
    assert score.low is not None
    assert score.value is not None
    assert score.high is not None
    assert 0.0 <= score.low <= score.value + 1e-6
    assert score.value <= score.high + 1e-6 <= 1.0 + 2e-6


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        score_of([0.5, float("nan")])


def test_thresholds_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="low <= high"):
        Thresholds(0.7, 0.3)
