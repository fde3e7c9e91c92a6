"""Speech is found wherever somebody speaks, at any level, and nowhere else; pauses and turns keep their laws."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.results import Span, Turn
from inference.speech import (
    complement,
    cut_silences,
    intersect,
    merge,
    pauses,
    probabilities,
    speech_spans,
    subtract,
    total,
    turns,
)
from tests import sound

Samples = NDArray[np.float32]

spans = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(1, 100)).map(lambda pair: Span(pair[0] / 8, (pair[0] + pair[1]) / 8)),
    max_size=20,
)


def found_in(samples: Samples) -> tuple[Span, ...]:
    return cut_silences(speech_spans(probabilities(samples), len(samples) / 16_000), samples)


def test_speech_is_found_from_its_start_to_its_end(speech: Samples) -> None:
    found = found_in(speech)
    assert found[0].start == pytest.approx(0.5, abs=0.1)
    assert found[-1].end == pytest.approx(41.94, abs=0.1)
    assert 34 < total(found) < 39


@pytest.mark.parametrize("gain", [0.003, 0.1, 2.5])
def test_gain_does_not_move_speech(speech: Samples, gain: float) -> None:
    heard = speech[: 16_000 * 15]
    expected, found = found_in(heard), found_in(heard * np.float32(gain))
    assert len(found) == len(expected)
    assert [span.start for span in found] == pytest.approx([span.start for span in expected], abs=0.05)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(160_000, np.float32),
        sound.noise(10),
        sound.pink_noise(10),
        sound.hum(10),
        sound.hum(10) + sound.noise(10, rms=0.01),
        sound.music(10),
        sound.music(10) + sound.noise(10, rms=0.01),
        sound.tone(10),
        np.zeros(100, np.float32),
        np.zeros(0, np.float32),
    ],
    ids=["silence", "white", "pink", "hum", "hum and hiss", "music", "music and hiss", "tone", "6 ms", "nothing"],
)
def test_what_is_not_speech_gives_none(samples: Samples) -> None:
    assert found_in(samples) == ()


def test_silences_put_between_words_become_pauses_of_their_length(speech: Samples) -> None:
    first, rest = speech[: round(4.5 * 16_000)], speech[round(4.5 * 16_000) : round(9.5 * 16_000)]
    quiet = sound.noise(1.0, rms=4e-4)
    samples = np.concatenate([first, quiet, rest])
    found = found_in(samples)
    own = turns({"patient": found})
    longest = max(pauses(own, found), key=lambda pause: pause.duration)
    assert longest.duration == pytest.approx(1.0 + 0.46, abs=0.08)  # the text has a pause of 0.46 s here already
    assert longest.start == pytest.approx(4.32, abs=0.06)


def test_pauses_stay_the_same_under_noise(speech: Samples) -> None:
    noisy = speech + sound.noise(len(speech) / 16_000, rms=float(speech.std()) * 10 ** (-25 / 20))[: len(speech)]
    clean_total, noisy_total = (
        total(pauses(turns({"patient": found}), found)) for found in (found_in(speech), found_in(noisy))
    )
    assert noisy_total == pytest.approx(clean_total, abs=1.0)


def test_a_brief_dip_below_the_upper_threshold_does_not_end_a_span() -> None:
    probability = np.array([0.1] * 10 + [0.9] * 10 + [0.4] * 5 + [0.9] * 10 + [0.1] * 10, np.float32)
    (span,) = speech_spans(probability, 45 * 0.032)
    assert (span.start, span.end) == pytest.approx((10 * 0.032 - 0.1, 35 * 0.032 + 0.1))


def test_what_never_reaches_the_upper_threshold_is_not_speech() -> None:
    assert speech_spans(np.full(100, 0.45, np.float32), 3.2) == ()


def test_a_click_is_too_short_to_be_speech() -> None:
    probability = np.zeros(100, np.float32)
    probability[50:55] = 0.99
    assert speech_spans(probability, 3.2) == ()


def test_spans_of_one_speaker_are_one_turn_until_two_seconds_of_silence() -> None:
    found = turns({"patient": [Span(0, 1), Span(2.9, 4), Span(6.1, 7)]})
    assert found == (Turn(0, 4, "patient"), Turn(6.1, 7, "patient"))


def test_somebody_elses_word_ends_a_turn() -> None:
    found = turns({"patient": [Span(0, 1), Span(2, 3)], "counselor": [Span(1.2, 1.8)]})
    assert found == (Turn(0, 1, "patient"), Turn(1.2, 1.8, "counselor"), Turn(2, 3, "patient"))


def test_pauses_are_silences_of_three_tenths_inside_turns() -> None:
    speech = [Span(0, 1), Span(1.29, 2), Span(2.5, 3), Span(8, 9)]
    assert pauses(turns({"patient": speech}), speech) == (Span(2, 2.5),)


@given(spans)
def test_merged_spans_are_ordered_apart_and_merging_again_changes_nothing(some: list[Span]) -> None:
    merged = merge(some)
    assert all(a.end < b.start for a, b in pairwise(merged))
    assert merge(merged) == merged


@given(spans)
def test_a_merge_covers_exactly_what_its_spans_cover(some: list[Span]) -> None:
    times = np.arange(0, 140 * 16) / 16 + 1 / 32
    inside = [any(span.start < time < span.end for span in some) for time in times]
    assert [any(span.start < time < span.end for span in merge(some)) for time in times] == inside


@given(spans, spans)
def test_what_is_inside_and_what_is_outside_others_add_up(some: list[Span], others: list[Span]) -> None:
    ours, theirs = merge(some), merge(others)
    assert total(intersect(ours, theirs)) + total(subtract(ours, theirs)) == pytest.approx(total(ours))


@given(spans)
def test_speech_and_its_complement_fill_the_recording(some: list[Span]) -> None:
    merged = merge(some)
    assert total(merged) + total(complement(merged, 200.0)) == pytest.approx(200.0)


@given(spans, spans)
def test_turns_hold_all_their_speech_and_no_silence_of_two_seconds(some: list[Span], others: list[Span]) -> None:
    ours, theirs = merge(some), merge(others)
    found = turns({"patient": ours, "counselor": theirs})
    own = [Span(turn.start, turn.end) for turn in found if turn.speaker == "patient"]
    assert total(intersect(own, ours)) == pytest.approx(total(ours))
    assert all(gap.duration < 2 for gap in subtract(own, ours))


@pytest.mark.parametrize(("dip", "shortest", "parts"), [(0.26, 0.3, 1), (0.36, 0.3, 2), (0.26, 0.2, 2), (0.16, 0.2, 1)])
def test_only_what_is_as_long_as_a_pause_is_silence(dip: float, shortest: float, parts: int) -> None:
    samples = sound.noise(4, rms=0.1)
    samples[32_000 : 32_000 + round(dip * 16_000)] *= 0.01
    assert len(cut_silences([Span(0.5, 3.5)], samples, shortest=shortest)) == parts


def test_a_soft_edge_is_speech_and_silence_beside_it_is_not() -> None:
    probability = np.zeros(125, np.float32)
    probability[32:94] = 0.9  # 1.024 to 3.008 s
    samples = sound.noise(4, rms=1e-4)
    samples[round(0.96 * 16_000) : round(3.2 * 16_000)] += sound.noise(2.24, rms=0.1)
    (span,) = cut_silences(speech_spans(probability, 4.0), samples)
    assert span.start == pytest.approx(0.96, abs=0.02)
    assert span.end == pytest.approx(3.1, abs=0.02)
