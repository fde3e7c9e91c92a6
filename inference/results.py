"""What an analysis is: frozen dataclasses that every outlet (CLI, database, API, pages) is made from.

Times are seconds from the start of the recording, as float. Scores lie in 0..1 (0.5 is neutral for valence and
arousal). Nothing here holds a voice embedding: embeddings identify people and are never kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

PIPELINE_VERSION = "4"
"""Raised whenever a change in the road from file to analysis can move a number."""

HeadName = Literal["depression", "valence", "arousal"]
ScoreState = Literal["low", "indeterminate", "elevated", "unavailable"]
Speaker = Literal["patient", "counselor", "other"]

HEADS: tuple[HeadName, ...] = ("depression", "valence", "arousal")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, ``start`` < ``end``, in seconds."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Turn:
    """Uninterrupted speech of one speaker, inner pauses included; times in seconds."""

    start: float
    end: float
    speaker: Speaker

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """One question about a recording: its measured ``value`` in ``unit``, whether it passed, and a sentence."""

    code: str
    ok: bool
    value: float | None
    unit: str
    message: str


@dataclass(frozen=True, slots=True)
class Quality:
    """All quality checks of a recording. ``ok`` is false when any of them failed: scores are then indeterminate."""

    checks: tuple[QualityCheck, ...]

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return all(check.ok for check in self.checks)


@dataclass(frozen=True, slots=True)
class CheckpointIdentity:
    """Which weights made a score: name, version and the SHA-256 (hex) of the weights file."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Score:
    """One head's result for the recording.

    ``value`` with ``low``..``high`` (90 % interval), all in 0..1; or ``state == "unavailable"`` with all three
    ``None`` and a ``reason`` (a sentence).
    """

    value: float | None
    low: float | None
    high: float | None
    state: ScoreState
    reason: str | None = None

    @classmethod
    def unavailable(cls, reason: str) -> Score:
        """A score that cannot be given, and why."""
        return cls(value=None, low=None, high=None, state="unavailable", reason=reason)


@dataclass(frozen=True, slots=True)
class Measure:
    """One acoustic measure: ``value`` (``None`` where it cannot be measured) in ``unit``."""

    value: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Scores over the session, one entry per window; all lists have the same length.

    ``start`` and ``end`` are seconds; a head that the checkpoint lacks has ``None`` in every place.
    """

    start: tuple[float, ...]
    end: tuple[float, ...]
    depression: tuple[float | None, ...]
    valence: tuple[float | None, ...]
    arousal: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was measured in one recording, with its origin.

    ``duration``: seconds of the recording. ``speech_seconds``: seconds of the patient's voice that the scores rest
    on. ``speaker_method``: how the patient was told from others, one of those in `inference.speakers`.
    ``excluded_seconds``: speech in which two spoke at once or it was not clear who did; nothing rests on it.
    ``timings``: seconds of work per stage. ``peaks``: waveform extremes for drawing, in -1..1, equally spaced.
    """

    sha256: str
    duration: float
    speech_seconds: float
    quality: Quality
    checkpoint: CheckpointIdentity
    scores: dict[HeadName, Score]
    biomarkers: dict[str, Measure]
    timeline: Timeline
    turns: tuple[Turn, ...]
    speaker_method: str
    timings: dict[str, float]
    excluded_seconds: float = 0.0
    peaks: tuple[float, ...] = field(repr=False, default=())
    pipeline_version: str = PIPELINE_VERSION
