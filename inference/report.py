"""An analysis as the JSON contract of ``manage.py analyze --json``, and as text for a person at a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from inference.biomarkers import BY_CODE
from inference.errors import AnalysisError
from inference.quality import value_in_words
from inference.results import Analysis, CheckpointIdentity, Quality, QualityCheck, Score
from inference.score_words import interval, number, why_indeterminate
from inference.speakers import ASSUMED, ASSUMPTIONS, BY_CHANNEL, BY_ENROLMENT, BY_LENGTH, BY_PERSON, BY_RTTM

TURNS_SHOWN = 5

SCORE_LABELS = {"depression": "Depressive speech", "valence": "Valence", "arousal": "Arousal"}


def as_dict(analysis: Analysis, *, file: str) -> dict[str, Any]:
    """The analysis of ``file`` as JSON values: times in seconds, scores in 0..1, no NaN."""
    return {
        "file": file,
        "sha256": analysis.sha256,
        "duration": _rounded(analysis.duration, 3),
        "speech_seconds": _rounded(analysis.speech_seconds, 3),
        "speaker_method": analysis.speaker_method,
        "patient_assumed": analysis.speaker_method in ASSUMPTIONS,
        "excluded_seconds": _rounded(analysis.excluded_seconds, 3),
        "quality": {"ok": analysis.quality.ok, "checks": [_check(check) for check in analysis.quality.checks]},
        "checkpoint": _checkpoint(analysis.checkpoint),
        "pipeline_version": analysis.pipeline_version,
        "scores": {head: _score(score) for head, score in analysis.scores.items()},
        "biomarkers": _biomarkers(analysis),
        "timeline": _timeline(analysis),
        "turns": [
            {"start": _rounded(turn.start, 3), "end": _rounded(turn.end, 3), "speaker": turn.speaker}
            for turn in analysis.turns
        ],
        "timings": {stage: _rounded(seconds, 4) for stage, seconds in analysis.timings.items()},
    }


def error_as_dict(error: AnalysisError, *, file: str) -> dict[str, Any]:
    """The line of a file that could not be analysed."""
    return {"file": file, "error": {"code": error.code, "message": error.message}}


def as_text(analysis: Analysis, *, file: str, label: str = "") -> str:
    """A summary to read; ``label``: the checkpoint's own warning, shown beside the scores."""
    lines = [printable(file), *_origin(analysis), ""]
    lines += [_score_line(name, score, analysis.quality) for name, score in analysis.scores.items()]
    lines += [f"  {label}"] if label else []
    lines += ["", *_measure_lines(analysis), "", *_quality_lines(analysis.quality.checks)]
    return "\n".join(lines)


def error_as_text(error: AnalysisError, *, file: str) -> str:
    """The same for a file that could not be analysed."""
    return f"{printable(file)}\n  {error.message} ({error.code})"


def printable(name: str) -> str:
    """``name`` with everything escaped that could move a cursor or turn the direction of writing."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in name)


def _origin(analysis: Analysis) -> list[str]:
    checkpoint = analysis.checkpoint
    return [
        f"  {_clock(analysis.duration)} long, {analysis.speech_seconds:.0f} s of the patient's speech, pauses left out",
        *_speaker_lines(analysis),
        f"  checkpoint {checkpoint.name} {checkpoint.version} ({checkpoint.sha256[:12]}), "
        f"pipeline {analysis.pipeline_version}",
    ]


SPEAKER_SENTENCES = {
    ASSUMED: "One voice was assumed: all speech counts as the patient's.",
    BY_LENGTH: "Two voices were told apart by their sound; the one who speaks longer is assumed to be the patient.",
    BY_ENROLMENT: "Two voices were told apart by their sound, and the counselor's by a clip of it.",
    BY_PERSON: "Two voices were told apart by their sound, and swapped as asked.",
    BY_CHANNEL: "The patient was told from others by channel.",
    BY_RTTM: "The patient was told from others by the RTTM file.",
}


def _speaker_lines(analysis: Analysis) -> Iterable[str]:
    """How the patient was told apart, and who spoke how long where there are two."""
    yield f"  {SPEAKER_SENTENCES[analysis.speaker_method]}"
    seconds: dict[str, float] = {}
    for turn in analysis.turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + turn.duration
    if len(seconds) < 2:
        return
    yield "  turns, with the pauses inside them: " + ", ".join(
        f"{speaker} {_clock(total)}" for speaker, total in sorted(seconds.items())
    )
    first = [f"{turn.speaker} {_clock(turn.start)}-{_clock(turn.end)}" for turn in analysis.turns[:TURNS_SHOWN]]
    yield f"  begins: {', '.join(first)}"
    yield f"  {analysis.excluded_seconds:.0f} s of speech left out: two spoke at once, or it was not clear who did"


def _score_line(name: str, score: Score, quality: Quality) -> str:
    heading = f"  {SCORE_LABELS[name]:<20}"
    if score.value is None or score.low is None or score.high is None:
        return f"{heading}unavailable: {score.reason}"
    why = why_indeterminate(score, quality)
    line = f"{heading}{number(score.value):>5}  ({interval(score, ' to ')})  {score.state}"
    return f"{line}: {why}" if why else line


def _measure_lines(analysis: Analysis) -> Iterable[str]:
    rows = [(BY_CODE[code], measure.value) for code, measure in analysis.biomarkers.items()]
    width = max((len(row.label) for row, _ in rows), default=0)
    for row, measured in rows:
        value = "not measurable" if measured is None else f"{measured:.{row.decimals}f}"
        yield f"  {row.label:<{width}}  {value} {'' if measured is None or row.unit == '1' else row.unit}".rstrip()


def _quality_lines(checks: Sequence[QualityCheck]) -> Iterable[str]:
    values = [value_in_words(check) for check in checks]
    code, wide = (max(map(len, column), default=0) for column in ([check.code for check in checks], values))
    for check, value in zip(checks, values, strict=True):
        yield f"  {'ok  ' if check.ok else 'POOR'} {check.code:<{code}}  {value:<{wide}}  {check.message}"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _check(check: QualityCheck) -> dict[str, Any]:
    value = _rounded(check.value, 6)
    return {"code": check.code, "ok": check.ok, "value": value, "unit": check.unit, "message": check.message}


def _checkpoint(identity: CheckpointIdentity) -> dict[str, str]:
    return {"name": identity.name, "version": identity.version, "sha256": identity.sha256}


def _score(score: Score) -> dict[str, Any]:
    values = {
        "value": _rounded(score.value, 4),
        "low": _rounded(score.low, 4),
        "high": _rounded(score.high, 4),
        "state": score.state,
    }
    return values if score.reason is None else {**values, "reason": score.reason}


def _biomarkers(analysis: Analysis) -> dict[str, Any]:
    return {
        code: {"value": _rounded(measure.value, BY_CODE[code].decimals + 2), "unit": measure.unit}
        for code, measure in analysis.biomarkers.items()
    }


def _timeline(analysis: Analysis) -> dict[str, list[float | None]]:
    timeline = analysis.timeline
    return {
        "start": [_rounded(value, 3) for value in timeline.start],
        "end": [_rounded(value, 3) for value in timeline.end],
        "depression": [_rounded(value, 4) for value in timeline.depression],
        "valence": [_rounded(value, 4) for value in timeline.valence],
        "arousal": [_rounded(value, 4) for value in timeline.arousal],
    }


def _rounded(value: float | None, digits: int) -> float | None:
    """JSON has no NaN and no infinity: what is not a number becomes null."""
    return round(float(value), digits) if value is not None and math.isfinite(value) else None
