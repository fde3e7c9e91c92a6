"""A patient's own baseline: its band holds what did not change, and two sessions beyond an edge are a departure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from inference.results import Score
from sessions_app.baseline import (
    NORMAL_95,
    SESSIONS,
    T_95,
    WITHIN,
    Side,
    Value,
    baseline_of,
    departure,
    log_odds,
    of_score,
)
from sessions_app.baseline import probability as probability_of

NUMBERS = st.floats(-5, 5)


def exact(*values: float) -> list[Value]:
    return [Value(value, value, value) for value in values]


def test_the_quantiles_are_those_of_students_t_and_the_normal_distribution() -> None:
    assert pytest.approx(stats.t.ppf(0.95, SESSIONS - 1), abs=1e-4) == T_95
    assert pytest.approx(stats.norm.ppf(0.95), abs=1e-4) == NORMAL_95


@given(st.lists(NUMBERS, max_size=SESSIONS - 1))
def test_with_too_few_sessions_there_is_no_baseline_and_no_departure(values: list[float]) -> None:
    assert baseline_of(exact(*values)) is None
    assert departure(exact(*values)) is Side.WITHIN


@given(st.lists(NUMBERS, min_size=SESSIONS, max_size=9), st.randoms())
def test_the_order_of_the_first_sessions_does_not_matter_and_later_ones_do_not_count(
    values: list[float], random: object
) -> None:
    shuffled = values[:SESSIONS]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found, again = baseline_of(exact(*values)), baseline_of(exact(*shuffled))
    assert found is not None
    assert again is not None
    assert found.center == pytest.approx(again.center)
    assert found.high == pytest.approx(again.high)


@given(st.lists(NUMBERS, min_size=SESSIONS, max_size=SESSIONS), st.floats(-3, 3), st.floats(0.1, 10))
def test_the_band_moves_and_widens_with_the_values(values: list[float], by: float, times: float) -> None:
    found, moved = baseline_of(exact(*values)), baseline_of(exact(*(times * value + by for value in values)))
    assert found is not None
    assert moved is not None
    assert moved.low == pytest.approx(times * found.low + by, abs=1e-6)
    assert moved.high == pytest.approx(times * found.high + by, abs=1e-6)


@given(st.lists(NUMBERS, min_size=SESSIONS, max_size=SESSIONS), st.floats(0.1, 2))
def test_the_band_is_never_narrower_than_the_values_own_uncertainty_makes_it(values: list[float], error: float) -> None:
    half = error * NORMAL_95
    band = baseline_of([Value(value, value - half, value + half) for value in values])
    assert band is not None
    assert band.high - band.low >= 2 * T_95 * error * (1 + 1 / SESSIONS) ** 0.5 * 0.999


def test_two_sessions_beyond_the_same_edge_are_a_departure_and_one_is_none() -> None:
    first = exact(0.0, 0.2, -0.1, 0.1)
    assert departure([*first, *exact(3.0)]) is Side.WITHIN
    assert departure([*first, *exact(3.0, 3.0)]) is Side.ABOVE
    assert departure([*first, *exact(-3.0, -3.0)]) is Side.BELOW
    assert departure([*first, *exact(3.0, -3.0)]) is Side.WITHIN
    assert departure([*first, *exact(3.0, 3.0, 0.0)]) is Side.WITHIN


def departures(rng: np.random.Generator, shift: float = 0.0) -> set[Side]:
    """All that `departure` says of a patient while `WITHIN` sessions follow the baseline."""
    values = exact(*rng.normal(size=SESSIONS), *rng.normal(shift, size=WITHIN))
    return {departure(values[:end]) for end in range(SESSIONS, len(values) + 1)}


@pytest.mark.parametrize(("shift", "at_least", "at_most"), [(0.0, 0.0, 0.17), (1.5, 0.4, 1.0), (3.0, 0.8, 1.0)])
def test_steady_patients_seldom_depart_within_twenty_sessions_and_changed_ones_often_do(
    shift: float, at_least: float, at_most: float
) -> None:
    rng, patients = np.random.default_rng(1), 600
    departed = 0
    for _ in range(patients):
        found = departures(rng, shift)
        departed += Side.ABOVE in found or (shift == 0 and Side.BELOW in found)
    assert at_least <= departed / patients <= at_most + 0.03


def test_of_three_independent_scores_of_a_steady_patient_one_departs_more_than_twice_as_often() -> None:
    rng, patients = np.random.default_rng(2), 600
    departed = sum(any(departures(rng) - {Side.WITHIN} for _ in range(3)) for _ in range(patients))
    assert 0.36 <= departed / patients <= 0.46


@given(st.floats(0.01, 0.99))
def test_log_odds_go_there_and_back(score: float) -> None:
    assert probability_of(log_odds(score)) == pytest.approx(score)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_has_no_lower_log_odds(one: float, other: float) -> None:
    assume(one <= other)
    assert log_odds(one) <= log_odds(other)


def test_a_score_that_is_not_there_has_no_value() -> None:
    assert of_score(Score.unavailable("No speech.")) is None
    assert of_score(Score(0.5, 0.4, 0.6, "indeterminate")) == Value(0.0, log_odds(0.4), log_odds(0.6))
