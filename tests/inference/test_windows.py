"""Windows cover the patient's turns and nothing else, sample by sample."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.results import Span, Turn
from inference.windows import HOP_SECONDS, WINDOW_SECONDS, Window, cut, windows_over

RATE = 16_000


@st.composite
def turn_lists(draw: st.DrawFn) -> list[Span]:
    """Turns in order, with gaps, on the grid of samples."""
    steps = draw(st.lists(st.tuples(st.integers(1, 80_000), st.integers(1, 200_000)), min_size=1, max_size=12))
    turns, at = [], 0
    for gap, length in steps:
        turns.append(Span((at + gap) / RATE, (at + gap + length) / RATE))
        at += gap + length
    return turns


def length(window: Window) -> float:
    return sum(piece.duration for piece in window.pieces)


def test_no_turns_give_no_windows() -> None:
    assert windows_over([], []) == ()


def test_less_speech_than_a_window_gives_one_shorter_window() -> None:
    (window,) = windows_over([Span(1.0, 3.0), Span(10.0, 12.5)], [Span(1.0, 3.0), Span(10.0, 12.0)])
    assert window.pieces == (Span(1.0, 3.0), Span(10.0, 12.5))
    assert (window.start, window.end) == (1.0, 12.5)
    assert window.speech_seconds == pytest.approx(4.0)


def test_a_window_runs_on_from_one_turn_into_the_next() -> None:
    first, *_ = windows_over([Turn(0.0, 4.0, "patient"), Turn(20.0, 30.0, "patient")], [])
    assert first.pieces == (Span(0.0, 4.0), Span(20.0, 22.0))


def test_windows_start_every_hop_and_the_last_ends_with_the_last_turn() -> None:
    windows = windows_over([Span(100.0, 110.0)], [])
    assert [window.start for window in windows] == [100.0, 103.0, 104.0]
    assert windows[-1].end == 110.0


def test_speech_seconds_count_voice_and_not_pauses() -> None:
    first, *_ = windows_over([Span(0.0, 12.0)], [Span(0.0, 2.0), Span(3.0, 4.0), Span(5.5, 12.0)])
    assert first.speech_seconds == pytest.approx(3.5)


@given(turn_lists())
def test_windows_are_equal_in_length_and_cover_every_turn(turns: list[Span]) -> None:
    windows = windows_over(turns, turns)
    total = sum(turn.duration for turn in turns)
    for window in windows:
        assert length(window) == pytest.approx(min(total, WINDOW_SECONDS))
        assert window.speech_seconds == pytest.approx(length(window))
        assert all(any(t.start <= p.start and p.end <= t.end for t in turns) for p in window.pieces)
    assert windows[0].start == turns[0].start
    assert windows[-1].end == turns[-1].end
    joined_starts = [sum(t.duration for t in turns if t.end <= w.start) for w in windows]
    assert all(b - a <= HOP_SECONDS + max(t.duration for t in turns) for a, b in pairwise(joined_starts))


@given(turn_lists(), st.integers(0, 3600 * RATE))
def test_a_longer_file_around_the_same_speech_changes_nothing(turns: list[Span], delay: int) -> None:
    later = [Span(turn.start + delay / RATE, turn.end + delay / RATE) for turn in turns]
    here, there = windows_over(turns, turns), windows_over(later, later)
    assert len(here) == len(there)
    for a, b in zip(here, there, strict=True):
        assert [p.start + delay / RATE for p in a.pieces] == pytest.approx([p.start for p in b.pieces], abs=1e-5)
        assert a.speech_seconds == pytest.approx(b.speech_seconds, abs=1e-5)


@given(turn_lists(), st.integers(0, 3 * RATE))
def test_the_same_samples_are_cut_from_a_longer_file(turns: list[Span], delay: int) -> None:
    samples = np.arange(round(turns[-1].end * RATE), dtype=np.float32)
    longer = np.concatenate([np.full(delay, -1, np.float32), samples, np.full(500, -1, np.float32)])
    later = [Span(turn.start + delay / RATE, turn.end + delay / RATE) for turn in turns]
    here = [cut(samples, RATE, window) for window in windows_over(turns, [])]
    there = [cut(longer, RATE, window) for window in windows_over(later, [])]
    assert all(np.array_equal(a, b) for a, b in zip(here, there, strict=True))


@given(st.lists(st.floats(0.05, 3.0), min_size=5, max_size=40))
def test_a_full_window_of_many_pieces_is_exact_to_the_sample(lengths: list[float]) -> None:
    turns, at = [], 0.0
    for seconds in lengths:
        turns.append(Span(at, at + seconds))
        at += seconds + 0.1
    samples = np.zeros(round(at * RATE), np.float32)
    sizes = {len(cut(samples, RATE, window)) for window in windows_over(turns, [])}
    total = sum(turn.duration for turn in turns)
    assert sizes == {round(WINDOW_SECONDS * RATE)} if total > WINDOW_SECONDS else len(sizes) == 1


def test_a_cut_takes_the_samples_of_its_pieces() -> None:
    samples = np.arange(10 * RATE, dtype=np.float32)
    taken = cut(samples, RATE, Window((Span(1.0, 1.5), Span(9.0, 9.25)), 0.75))
    assert np.array_equal(taken, np.concatenate([samples[16_000:24_000], samples[144_000:148_000]]))
