"""What is printed: the JSON contract to the letter, and text that a person can trust at a glance."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.biomarkers.definitions import DEFINITIONS
from inference.errors import Silent
from inference.report import as_dict, as_text, error_as_dict, error_as_text, printable
from inference.results import (
    PIPELINE_VERSION,
    Analysis,
    CheckpointIdentity,
    Measure,
    Quality,
    QualityCheck,
    Score,
    Timeline,
    Turn,
)
from inference.speakers import METHODS


@pytest.fixture
def analysis() -> Analysis:
    return Analysis(
        sha256="ab" * 32,
        duration=3725.123456,
        speech_seconds=45.6789,
        quality=Quality((QualityCheck("snr", False, 8.5, "dB", "There is much noise."),)),
        checkpoint=CheckpointIdentity("demo", "1.2", "cd" * 32),
        scores={
            "depression": Score(0.61234567, 0.5, 0.7, "indeterminate"),
            "valence": Score(0.4, 0.3, 0.5, "low"),
            "arousal": Score.unavailable("The checkpoint demo does not score arousal."),
        },
        biomarkers={"f0_mean": Measure(123.456789, "Hz"), "pause_mean": Measure(None, "s")},
        timeline=Timeline((0.5,), (6.5,), (0.61,), (0.4,), (None,)),
        turns=(Turn(0.5, 6.5, "patient"), Turn(7.0, 8.0, "counselor")),
        speaker_method="single_voice",
        timings={"decode": 0.123456},
    )


def test_the_contract_has_exactly_these_keys(analysis: Analysis) -> None:
    assert as_dict(analysis, file="a.wav") == {
        "file": "a.wav",
        "sha256": "ab" * 32,
        "duration": 3725.123,
        "speech_seconds": 45.679,
        "speaker_method": "single_voice",
        "patient_assumed": True,
        "excluded_seconds": 0.0,
        "quality": {
            "ok": False,
            "checks": [
                {"code": "snr", "ok": False, "value": 8.5, "unit": "dB", "message": "There is much noise."},
            ],
        },
        "checkpoint": {"name": "demo", "version": "1.2", "sha256": "cd" * 32},
        "pipeline_version": PIPELINE_VERSION,
        "scores": {
            "depression": {"value": 0.6123, "low": 0.5, "high": 0.7, "state": "indeterminate"},
            "valence": {"value": 0.4, "low": 0.3, "high": 0.5, "state": "low"},
            "arousal": {
                "value": None,
                "low": None,
                "high": None,
                "state": "unavailable",
                "reason": "The checkpoint demo does not score arousal.",
            },
        },
        "biomarkers": {"f0_mean": {"value": 123.457, "unit": "Hz"}, "pause_mean": {"value": None, "unit": "s"}},
        "timeline": {"start": [0.5], "end": [6.5], "depression": [0.61], "valence": [0.4], "arousal": [None]},
        "turns": [
            {"start": 0.5, "end": 6.5, "speaker": "patient"},
            {"start": 7.0, "end": 8.0, "speaker": "counselor"},
        ],
        "timings": {"decode": 0.1235},
    }


def test_what_is_not_a_number_becomes_null(analysis: Analysis) -> None:
    broken = replace(analysis, biomarkers={"f0_mean": Measure(float("nan"), "Hz")}, duration=float("inf"))
    report = as_dict(broken, file="a.wav")
    assert json.loads(json.dumps(report, allow_nan=False))["biomarkers"]["f0_mean"]["value"] is None
    assert report["duration"] is None


def test_an_error_is_a_code_and_a_sentence() -> None:
    assert error_as_dict(Silent(), file="a.wav") == {
        "file": "a.wav",
        "error": {"code": "silent", "message": Silent.default_message},
    }
    assert "silent from start to end" in error_as_text(Silent(), file="a.wav")


def test_text_says_what_the_scores_rest_on(analysis: Analysis) -> None:
    text = as_text(analysis, file="a.wav", label="demonstration: trained on synthetic speech, not for clinical use")
    assert "1:02:05 long, 46 s of the patient's speech, pauses left out" in text
    assert "turns, with the pauses inside them: counselor 0:01, patient 0:06" in text
    assert "One voice was assumed" in text
    assert "0.61  (0.50 to 0.70)  indeterminate" in text
    assert "unavailable: The checkpoint demo does not score arousal." in text
    assert "not for clinical use" in text
    assert "POOR snr" in text
    assert "123.5 Hz" in text
    assert "not measurable" in text


def test_text_says_how_the_patient_was_told_from_others(analysis: Analysis) -> None:
    text = as_text(replace(analysis, speaker_method="channel"), file="a.wav")
    assert "told from others by channel" in text
    assert "assumed" not in text


@pytest.mark.parametrize("method", METHODS)
def test_text_says_in_words_and_never_in_a_code_how_the_patient_was_told(analysis: Analysis, method: str) -> None:
    line = as_text(replace(analysis, speaker_method=method), file="a.wav").splitlines()[2]
    assert line.endswith(".")
    assert "_" not in line


@pytest.mark.parametrize("method", METHODS)
def test_only_one_voice_and_the_longer_voice_are_assumptions(analysis: Analysis, method: str) -> None:
    line = as_dict(replace(analysis, speaker_method=method), file="a.wav")
    assert line["patient_assumed"] == (method in {"single_voice", "longer_voice"})


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("session 1.wav", "session 1.wav"),
        ("Gespräch Müller.wav", "Gespräch Müller.wav"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("a\nb\x1b[2J\x00", "a\\nb\\x1b[2J\\x00"),
        ("a\u202egpj.wav", "a\\u202egpj.wav"),
        ("a\udcff.wav", "a\\udcff.wav"),
    ],
)
def test_a_name_cannot_move_the_cursor_or_turn_the_text(name: str, shown: str) -> None:
    assert printable(name) == shown


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_a_printable_name_is_one_line_of_encodable_text(name: str) -> None:
    shown = printable(name)
    assert len(shown.splitlines()) <= 1
    assert shown.encode().decode() == shown


def test_no_column_of_the_text_runs_into_the_next(analysis: Analysis) -> None:
    measures = {row.code: Measure(1.0, row.unit) for row in DEFINITIONS}
    checks = (
        QualityCheck("reverberation_time", True, 0.31, "s", "The room."),
        QualityCheck("dropouts", False, 0.0312, "1", "Gaps."),
    )
    text = as_text(replace(analysis, biomarkers=measures, quality=Quality(checks)), file="a.wav")
    assert all(f"{row.label}  " in text for row in DEFINITIONS)
    lines = text.splitlines()
    longest = max(len(row.label) for row in DEFINITIONS)
    assert f"  {DEFINITIONS[0].label:<{longest}}  1.0 {DEFINITIONS[0].unit}" in lines
    assert "  POOR dropouts            3.12 %, at most 1 %  Gaps." in lines
    assert "  ok   reverberation_time  0.31 s               The room." in lines


def test_what_is_nearly_certain_is_not_printed_as_certain(analysis: Analysis) -> None:
    scores = {**analysis.scores, "depression": Score(0.9996, 0.996, 0.9999, "elevated")}
    almost = replace(analysis, scores=scores)
    assert ">0.99  (>0.99)  elevated" in as_text(almost, file="a.wav")
    assert as_dict(almost, file="a.wav")["scores"]["depression"]["value"] == 0.9996


def test_a_score_in_doubt_says_why(analysis: Analysis) -> None:
    assert "indeterminate: much noise" in as_text(analysis, file="a.wav")
