"""Recordings differ in everything but the voice; what is asked for is what is heard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.training.nuisance import CLEAN, Conditions, draw_conditions, recorded, without_speech

RATE = 16_000


def tone(hertz: float, seconds: float = 3.0) -> np.ndarray:
    return (0.1 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples[1000:-1000].astype(np.float64) ** 2)))


def test_clean_is_left_as_it_is() -> None:
    assert recorded(tone(440), CLEAN, np.random.default_rng(0)) == pytest.approx(tone(440), abs=1e-4)


def test_noise_has_the_ratio_asked_for() -> None:
    noisy = recorded(tone(440), replace(CLEAN, snr=20.0), np.random.default_rng(0))
    assert 20 * np.log10(rms(tone(440)) / rms(noisy - tone(440))) == pytest.approx(20, abs=0.5)


@pytest.mark.parametrize(("hertz", "passes"), [(100, False), (1000, True), (6000, False)])
def test_the_telephone_keeps_its_band(hertz: float, passes: bool) -> None:
    heard = rms(recorded(tone(hertz), replace(CLEAN, telephone=True), np.random.default_rng(0)))
    assert (heard > 0.5 * rms(tone(hertz))) == passes


def test_the_level_moves_by_what_is_asked() -> None:
    assert rms(recorded(tone(440), replace(CLEAN, level=-20.0), np.random.default_rng(0))) == pytest.approx(
        rms(tone(440)) / 10, rel=0.01
    )


@pytest.mark.parametrize("conditions", [replace(CLEAN, codec="opus"), replace(CLEAN, codec="mu-law")])
def test_codecs_keep_the_length_and_most_of_the_sound(conditions: Conditions) -> None:
    heard = recorded(tone(440), conditions, np.random.default_rng(0))
    assert len(heard) == len(tone(440))
    assert np.corrcoef(heard, tone(440))[0, 1] > 0.9


def test_any_conditions_give_finite_samples_of_the_same_length() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        heard = recorded(tone(200, 2.0), draw_conditions(rng), rng)
        assert heard.dtype == np.float32
        assert len(heard) == 2 * RATE
        assert np.isfinite(heard).all()


def test_windows_without_speech_are_finite_and_some_are_silent() -> None:
    rng = np.random.default_rng(0)
    windows = [without_speech(RATE, rng) for _ in range(20)]
    assert all(np.isfinite(window).all() for window in windows)
    assert 0 < sum(not window.any() for window in windows) < 20
