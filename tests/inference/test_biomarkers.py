"""Measures meet the truth of sounds that were made to measure, and keep to the patient's speech."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.biomarkers import BY_CODE, DEFINITIONS, measure
from inference.results import Measure, Span
from inference.speech import cut_silences, probabilities, speech_spans, turns
from tests import sound

Samples = NDArray[np.float32]
SECONDS = np.arange(10 * 16_000) / 16_000


def measured(samples: Samples, *speech: Span) -> dict[str, Measure]:
    spans = speech or (Span(0, len(samples) / 16_000),)
    return measure(samples, 16_000, turns({"patient": spans}), spans)


def value(found: dict[str, Measure], code: str) -> float:
    number = found[code].value
    assert number is not None
    return number


def swinging(hertz: float, semitones: float) -> NDArray[np.float64]:
    """A contour that swings by ``semitones`` to either side twice a second, at each sample of 10 s."""
    return hertz * 2 ** (semitones / 12 * np.sin(2 * np.pi * 0.5 * SECONDS))


def test_the_table_defines_every_measure_of_the_contract() -> None:
    units = {row.code: row.unit for row in DEFINITIONS}
    assert (
        units.items() >= {"f0_mean": "Hz", "f0_sd": "semitone", "speech_rate": "syllables/s", "pause_mean": "s"}.items()
    )
    assert {"jitter_local", "shimmer_local", "hnr", "cpp", "alpha_ratio", "f3_mean", "response_latency"} <= units.keys()
    assert len(BY_CODE) == len(DEFINITIONS) == 26
    assert all(row.definition.endswith(".") and row.source and row.label for row in DEFINITIONS)
    assert 5 <= sum(row.main for row in DEFINITIONS) <= 9


def test_every_measure_comes_with_the_unit_of_its_definition() -> None:
    found = measured(sound.voice(swinging(120, 2)))
    assert {code: one.unit for code, one in found.items()} == {row.code: row.unit for row in DEFINITIONS}


@pytest.mark.parametrize("hertz", [80, 120, 220, 350])
@pytest.mark.parametrize("semitones", [0, 1, 4])
def test_pitch_and_its_variation_are_those_of_the_contour(hertz: float, semitones: float) -> None:
    contour = swinging(hertz, semitones)
    found = measured(sound.voice(contour))
    assert 12 * np.log2(value(found, "f0_mean") / contour.mean()) == pytest.approx(0, abs=0.05)
    assert value(found, "f0_sd") == pytest.approx(np.std(12 * np.log2(contour)), abs=0.05)


@pytest.mark.parametrize("snr", [20, 10])
def test_noise_moves_pitch_by_less_than_a_tenth_of_a_semitone(snr: float) -> None:
    contour = swinging(150, 3)
    voice = sound.voice(contour)
    found = measured(voice + sound.noise(10, rms=float(voice.std()) * 10 ** (-snr / 20)))
    assert 12 * np.log2(value(found, "f0_mean") / contour.mean()) == pytest.approx(0, abs=0.1)
    assert value(found, "f0_sd") == pytest.approx(np.std(12 * np.log2(contour)), abs=0.1)


def test_pitch_follows_a_voice_shifted_by_an_octave() -> None:
    low, high = (value(measured(sound.voice(swinging(hertz, 2))), "f0_mean") for hertz in (110, 220))
    assert high / low == pytest.approx(2, rel=0.005)


@pytest.mark.parametrize("samples", [sound.noise(5), np.zeros(80_000, np.float32)], ids=["noise", "silence"])
def test_what_has_no_pitch_has_no_value(samples: Samples) -> None:
    found = measured(samples)
    assert found["f0_mean"].value is None
    assert found["f0_sd"].value is None
    assert found["intensity_sd"].value is None


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.zeros(100, np.float32)])
def test_without_turns_nothing_is_measurable(samples: Samples) -> None:
    assert all(one.value is None for one in measure(samples, 16_000, (), ()).values())


@pytest.mark.parametrize("per_second", [2.5, 4, 5.5])
def test_syllables_are_counted(per_second: float) -> None:
    found = measured(sound.syllables(40, per_second=per_second))
    assert value(found, "speech_rate") == pytest.approx(per_second, rel=0.03)


def test_the_rate_of_speech_is_that_of_its_text(speech: Samples) -> None:
    spoken = 140  # syllables of the text in tests/data/README.md, counted by hand
    heard = cut_silences(speech_spans(probabilities(speech), len(speech) / 16_000), speech)
    found = measured(speech, *heard)
    seconds = heard[-1].end - heard[0].start
    assert value(found, "speech_rate") * seconds == pytest.approx(spoken, rel=0.08)


def test_pauses_slow_speech_down_and_are_its_silence() -> None:
    silence = np.zeros(16_000, np.float32)
    part = sound.syllables(16, per_second=4)
    spans = [Span(5.0 * index, 5.0 * index + 4) for index in range(3)]
    found = measured(np.concatenate([part, silence, part, silence, part]), *spans)
    assert value(found, "pause_ratio") == pytest.approx(2 / 14)
    assert value(found, "pause_mean") == pytest.approx(1.0)
    assert value(found, "speech_rate") == pytest.approx(48 / 14, rel=0.03)


def test_speech_without_a_pause_has_no_mean_pause() -> None:
    found = measured(sound.syllables(16))
    assert found["pause_ratio"].value == 0
    assert found["pause_mean"].value is None


@pytest.mark.parametrize("decibels", [-20, 6])
def test_gain_moves_mean_loudness_alone(speech: Samples, decibels: float) -> None:
    quiet = speech * np.float32(10 ** (decibels / 20))
    spans = (Span(0.5, 4.32), Span(4.78, 9.3))
    before, after = measured(speech, *spans), measured(quiet, *spans)
    assert value(after, "intensity_mean") - value(before, "intensity_mean") == pytest.approx(decibels, abs=0.01)
    for code in {code for code, one in before.items() if one.value is not None} - {"intensity_mean"}:
        assert value(after, code) == pytest.approx(value(before, code), rel=1e-3)


def test_loudness_is_power_relative_to_full_scale() -> None:
    assert value(measured(sound.tone(2, hertz=200, peak=0.5)), "intensity_mean") == pytest.approx(-9.03, abs=0.02)


def test_a_voice_that_swells_varies_more_in_loudness() -> None:
    steady = sound.voice(swinging(120, 1))
    gain = 10 ** (6 * np.sin(2 * np.pi * 0.3 * SECONDS) / 20)
    swell = value(measured((steady * gain).astype(np.float32)), "intensity_sd")
    assert value(measured(steady), "intensity_sd") < 1.5
    assert swell == pytest.approx(6 / np.sqrt(2), abs=0.6)


def test_other_voices_change_nothing(speech: Samples, second_voice: Samples) -> None:
    spans = (Span(0.5, 4.32), Span(4.78, 9.3))
    alone = np.concatenate([speech[: 16_000 * 10], np.zeros(16_000 * 20, np.float32)])
    together = alone.copy()
    together[16_000 * 12 : 16_000 * 12 + len(second_voice)] = second_voice
    assert measured(together, *spans) == measured(alone, *spans)


def test_time_before_the_speech_changes_nothing(speech: Samples) -> None:
    spans = (Span(0.5, 4.32), Span(4.78, 9.3))
    later = np.concatenate([np.zeros(16_000 * 7, np.float32), speech])
    moved = [Span(span.start + 7, span.end + 7) for span in spans]
    before, after = measured(speech, *spans), measured(later, *moved)
    for code, one in before.items():
        assert after[code].value == (None if one.value is None else pytest.approx(one.value, rel=1e-4)), code
