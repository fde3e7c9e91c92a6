"""Voice quality, colour and answers, on sounds of known truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.answers import LONGEST_ANSWER
from inference.biomarkers import measure
from inference.results import Span, Turn
from tests import sound

Samples = NDArray[np.float32]
RATE = 16_000
SECONDS = 4


def pulses(
    periods: Sequence[float], amplitudes: Sequence[float], resonances: Sequence[float] = (600, 1500, 2500)
) -> Samples:
    """A voice of pulses whose periods (samples) and amplitudes repeat as given, through a vocal tract."""
    times = np.cumsum(np.resize(periods, int(SECONDS * RATE / np.mean(periods)) - 3)) + 100
    train = np.zeros(SECONDS * RATE)
    whole, part = np.floor(times).astype(int), times % 1
    heights = np.resize(amplitudes, len(times))
    np.add.at(train, whole, heights * (1 - part))
    np.add.at(train, whole + 1, heights * part)
    for hertz in resonances:
        pole = np.exp(-np.pi * 80 / RATE + 2j * np.pi * hertz / RATE)
        train = scipy.signal.lfilter([1], np.real(np.poly([pole, pole.conj()])), train)
    return (0.3 * train / np.abs(train).max()).astype(np.float32)


def value(samples: Samples, code: str) -> float:
    whole = Span(0, len(samples) / RATE)
    found = measure(samples, RATE, [Turn(whole.start, whole.end, "patient")], [whole])[code].value
    assert found is not None
    return found


@pytest.mark.parametrize("share", [0.005, 0.02])
def test_jitter_is_the_difference_of_neighbouring_periods(share: float) -> None:
    periods = 128 * (1 + share * np.random.default_rng(0).uniform(-1, 1, 97))
    truth = np.abs(np.diff(periods)).mean() / periods.mean()
    assert value(pulses(periods, [1.0]), "jitter_local") == pytest.approx(truth, rel=0.2)


def test_a_steady_voice_has_next_to_no_jitter_and_shimmer() -> None:
    steady = pulses([128.0], [1.0])
    assert value(steady, "jitter_local") < 0.001
    assert value(steady, "shimmer_local") < 0.002


@pytest.mark.parametrize("share", [0.03, 0.1])
def test_shimmer_is_the_difference_of_neighbouring_amplitudes(share: float) -> None:
    amplitudes = 1 + share * np.random.default_rng(0).uniform(-1, 1, 97)
    truth = np.abs(np.diff(amplitudes)).mean()
    # The vocal tract rings on into the next period, which evens amplitudes out a little.
    assert value(pulses([128.0], amplitudes), "shimmer_local") == pytest.approx(truth, rel=0.35)


@pytest.mark.parametrize("ratio", [5, 10, 20])
def test_noise_sets_the_harmonics_to_noise_ratio(ratio: float) -> None:
    voice = pulses([128.0], [1.0])
    noise = sound.noise(SECONDS, rms=float(voice.std()) * 10 ** (-ratio / 20))
    assert value(voice + noise, "hnr") == pytest.approx(ratio, abs=1.5)


def test_breath_lowers_the_cepstral_peak() -> None:
    voice = pulses([128.0], [1.0])
    clear, breathy = (value(voice + sound.noise(SECONDS, rms=rms), "cpp") for rms in (0.0005, 0.02))
    assert clear > breathy + 3


def test_formants_are_the_resonances_of_the_tract() -> None:
    voice = pulses([145.0], [1.0], resonances=(650, 1250, 2450, 3500, 4400))
    found = [value(voice, code) for code in ("f1_mean", "f2_mean", "f3_mean")]
    assert found == pytest.approx([650, 1250, 2450], rel=0.09)


def test_more_energy_above_1000_hertz_is_heard_in_every_measure_of_balance() -> None:
    voice = pulses([128.0], [1.0])
    darker = scipy.signal.sosfilt(scipy.signal.butter(1, 800, fs=RATE, output="sos"), voice).astype(np.float32)
    assert value(voice, "alpha_ratio") > value(darker, "alpha_ratio") + 3
    assert value(voice, "hammarberg_index") < value(darker, "hammarberg_index") - 3
    assert value(voice, "spectral_slope_500_1500") > value(darker, "spectral_slope_500_1500") + 1


def test_a_gliding_voice_is_steeper_than_a_level_one() -> None:
    time = np.arange(SECONDS * RATE) / RATE
    glides = sound.voice(150 * 2 ** (6 * (time % 1) / 12)) * (time % 1 < 0.9)
    assert value(glides.astype(np.float32), "f0_slope") == pytest.approx(6, abs=0.5)
    assert value(sound.voice(np.full(len(time), 150.0)), "f0_slope") < 0.2


def talk(*turns: Turn) -> dict[str, float | None]:
    own = [Span(turn.start, turn.end) for turn in turns if turn.speaker == "patient"]
    others = [Span(turn.start, turn.end) for turn in turns if turn.speaker != "patient"]
    silence = np.zeros(40 * RATE, np.float32)
    return {code: one.value for code, one in measure(silence, RATE, turns, own, others).items()}


def test_the_time_to_answer_is_the_silence_after_the_other_person() -> None:
    found = talk(
        Turn(0, 4, "counselor"), Turn(5.5, 8, "patient"), Turn(8.2, 10, "counselor"), Turn(10.5, 12, "patient")
    )
    assert found["response_latency"] == pytest.approx(1.0)
    assert found["talk_ratio"] == pytest.approx(4 / 9.8)


def test_what_overlaps_or_comes_late_is_no_answer() -> None:
    late = 4 + LONGEST_ANSWER + 1
    found = talk(
        Turn(0, 4, "counselor"), Turn(3, 5, "patient"), Turn(5, 6, "counselor"), Turn(late + 2, late + 9, "patient")
    )
    assert found["response_latency"] is None


def test_one_voice_alone_answers_nobody() -> None:
    found = talk(Turn(0, 4, "patient"))
    assert found["response_latency"] is None
    assert found["talk_ratio"] is None


@settings(max_examples=12, deadline=None)
@given(st.floats(-20, 6))
def test_gain_moves_no_measure_of_quality_or_colour(gain: float) -> None:
    voice = pulses([130.0, 132.0], [1.0, 0.9]) + sound.noise(SECONDS, rms=0.001)
    louder = (voice * 10 ** (gain / 20) * 0.5).astype(np.float32)
    for code in (
        "jitter_local",
        "shimmer_local",
        "hnr",
        "cpp",
        "alpha_ratio",
        "hammarberg_index",
        "f1_mean",
        "f2_mean",
    ):
        assert value(louder, code) == pytest.approx(value(voice, code), rel=0.01, abs=0.001)
