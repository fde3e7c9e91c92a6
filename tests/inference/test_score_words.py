"""Scores in words: never certain where they are not, and never in doubt without saying why."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.quality import assess
from inference.results import Quality, QualityCheck, Score, Span
from inference.score_words import BETWEEN, POOR, interval, number, why_indeterminate


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0.00"),
        (1e-9, "<0.01"),
        (0.0099, "<0.01"),
        (0.01, "0.01"),
        (0.714, "0.71"),
        (0.99, "0.99"),
        (0.9901, ">0.99"),
        (0.9999999, ">0.99"),
        (1.0, "1.00"),
    ],
)
def test_only_what_is_certain_is_written_as_certain(value: float, written: str) -> None:
    assert number(value) == written


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [(0.62, 0.787, "0.62-0.79"), (0.001, 0.004, "<0.01"), (0.001, 0.2, "<0.01-0.20"), (None, None, "")],
)
def test_an_interval_has_two_ends_unless_they_are_written_alike(
    low: float | None, high: float | None, written: str
) -> None:
    assert interval(Score(low, low, high, "low"), "-") == written


def quality(*failed: tuple[str, float]) -> Quality:
    checks = [QualityCheck(code, False, value, "1", f"The sentence of {code}.") for code, value in failed]
    return Quality((QualityCheck("level", True, -20.0, "dBFS", "The voice is loud enough."), *checks))


@pytest.mark.parametrize(
    ("failed", "why"),
    [
        ([], BETWEEN),
        ([("speech_seconds", 29.7)], "only 29 s of speech"),
        ([("speech_seconds", 10.2), ("reverberation_time", 1.1)], "only 10 s of speech, the room rings"),
        ([("of_another_version", 3.0)], "The sentence of of_another_version."),
    ],
)
def test_a_score_in_doubt_says_why(failed: list[tuple[str, float]], why: str) -> None:
    assert why_indeterminate(Score(0.5, 0.4, 0.6, "indeterminate"), quality(*failed)) == why


def test_a_score_that_is_not_in_doubt_says_nothing() -> None:
    assert why_indeterminate(Score(0.1, 0.0, 0.2, "low"), quality(("snr", 3.0))) == ""


def test_every_check_of_quality_has_its_words(speech: NDArray[np.float32]) -> None:
    checks = assess(speech, (Span(0.5, 40.0),), (), channels=1).checks
    assert {check.code for check in checks} == set(POOR)
