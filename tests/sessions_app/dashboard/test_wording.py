"""How scores and consents are put into words."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from inference.results import QualityCheck, Score
from sessions_app.dashboard.wording import clock, consent_words, score_sentence
from sessions_app.models import Consent
from sessions_app.templatetags.undertone import measured

TODAY = date(2026, 3, 2)


def consent(**fields: object) -> Consent:
    given: dict[str, object] = {"voice_analysis": True, "given_on": date(2026, 1, 1)}
    return Consent(**(given | fields))


def test_a_score_is_number_interval_and_state() -> None:
    assert score_sentence(Score(0.714, 0.62, 0.787, "elevated")) == "0.71 (0.62–0.79), elevated"


def test_a_missing_score_gives_its_reason() -> None:
    assert score_sentence(Score.unavailable("No head.")) == "not available: No head."


@pytest.mark.parametrize(
    ("consents", "given", "short"),
    [
        ([consent()], True, "Consent given"),
        ([], False, "No consent"),
        ([consent(voice_analysis=False)], False, "No consent"),
        ([consent(expires_on=date(2026, 3, 1))], False, "Consent expired"),
        ([consent(expires_on=TODAY)], True, "Consent given"),
        ([consent(given_on=date(2026, 3, 3))], False, "Consent not yet valid"),
        ([consent(withdrawn_at=datetime(2026, 2, 1, tzinfo=UTC))], False, "Consent withdrawn"),
        ([consent(withdrawn_at=datetime(2026, 2, 1, tzinfo=UTC)), consent()], True, "Consent given"),
    ],
)
def test_consents_amount_to_one_answer(consents: list[Consent], given: bool, short: str) -> None:
    words = consent_words(consents, TODAY)
    assert (words.given, words.short) == (given, short)


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (65.4, "1:05"), (3725, "1:02:05")])
def test_seconds_are_read_as_a_clock(seconds: float, words: str) -> None:
    assert clock(seconds) == words


@pytest.mark.parametrize(
    ("code", "value", "unit", "words"),
    [
        ("level", -21.34, "dBFS", "-21.3 dBFS"),
        ("snr", 0.0, "dB", "0 dB"),
        ("bandwidth", 8000.0, "Hz", "8,000 Hz"),
        ("channels", 6.0, "1", "6"),
        ("dropouts", 0.0312, "1", "3.12 %, at most 1 %"),
        ("clipping", 0.00012, "1", "0.012 %, at most 0.1 %"),
        ("snr", None, "dB", ""),
    ],
)
def test_what_was_checked_is_read_in_its_unit_and_a_share_with_its_limit(
    code: str, value: float | None, unit: str, words: str
) -> None:
    assert measured(QualityCheck(code, True, value, unit, "A sentence.")) == words
