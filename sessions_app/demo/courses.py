"""How synthetic patients are over time: a course gives each session how it sounds and what the PHQ-9 says."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import Enum

import numpy as np

SEED = 20_260
PHQ9_ITEMS = 9
FULL_SECONDS, SLOW_SECONDS = 43.0, 13.0
"""A recording lasts this long plus, as flat speech has longer pauses, so much more at a depression of 1."""
SHORT_SECONDS = 9.0
SELF_HARM_ABOVE = 0.9
"""Above this depression the item about self-harm is answered with "several days"."""


class Course(Enum):
    """The shape of a course: depression (0..1) at equal steps from the first session to the last."""

    IMPROVING = (0.92, 0.85, 0.7, 0.5, 0.3, 0.15)
    WORSENING = (0.12, 0.2, 0.35, 0.6, 0.8, 0.9)
    STABLE_WELL = (0.15, 0.12, 0.18)
    STABLE_LOW = (0.82, 0.86, 0.8)
    RELAPSING = (0.9, 0.6, 0.2, 0.12, 0.2, 0.65, 0.88)
    NEW = (0.7, 0.6)
    TOO_SHORT = (0.65, 0.65, 0.65)
    SILENT_ONCE = (0.3, 0.45, 0.35)


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """One session: how the patient sounds (latents, 0..1), the PHQ-9 answers, and about how long the recording is.

    ``seconds`` is 0 for a recording in which the microphone was off.
    """

    number: int
    depression: float
    arousal: float
    valence: float
    phq9: tuple[int, ...]
    seconds: float


def plan(reference: str, course: Course, sessions: int, answers: Course | None = None) -> tuple[SessionPlan, ...]:
    """The sessions of the patient with this reference, oldest first; the same on every machine and every day.

    ``answers``: the course that the PHQ-9 follows, if that is not how the patient sounds.
    """
    heard = _shape(course, sessions)
    told = _shape(answers, sessions) if answers else [None] * sessions
    levels = zip(heard, told, strict=True)
    return tuple(_session(reference, course, number, *level) for number, level in enumerate(levels, start=1))


def _shape(course: Course, sessions: int) -> list[float]:
    places = np.linspace(0, 1, sessions) if sessions > 1 else np.zeros(1)
    return [float(level) for level in np.interp(places, np.linspace(0, 1, len(course.value)), course.value)]


def generator(reference: str, number: int, purpose: str) -> np.random.Generator:
    """The random numbers of one session, independent for each ``purpose``."""
    return np.random.default_rng([SEED, zlib.crc32(f"{reference}/{number}/{purpose}".encode())])


def _session(reference: str, course: Course, number: int, level: float, told: float | None) -> SessionPlan:
    rng = generator(reference, number, "course")
    depression = _unit(level + rng.normal(0, 0.03))
    return SessionPlan(
        number=number,
        depression=depression,
        arousal=_unit(0.72 - 0.45 * depression + rng.normal(0, 0.04)),
        valence=_unit(0.8 - 0.6 * depression + rng.normal(0, 0.04)),
        phq9=_phq9(depression if told is None else told, rng),
        seconds=_seconds(course, number, depression),
    )


def _unit(value: float) -> float:
    return round(float(np.clip(value, 0.02, 0.98)), 3)


def _phq9(depression: float, rng: np.random.Generator) -> tuple[int, ...]:
    """Nine answers of 0..3 whose sum follows ``depression`` loosely, as self-report does."""
    total = int(np.clip(round(24 * depression + rng.normal(0, 1.5)), 0, 24))
    items = np.zeros(PHQ9_ITEMS, dtype=int)
    for item in rng.permutation(np.repeat(np.arange(PHQ9_ITEMS - 1), 3))[:total]:
        items[item] += 1
    items[-1] = depression > SELF_HARM_ABOVE
    return tuple(int(answer) for answer in items)


def _seconds(course: Course, number: int, depression: float) -> float:
    if course is Course.TOO_SHORT:
        return SHORT_SECONDS
    silent = course is Course.SILENT_ONCE and number == 2
    return 0.0 if silent else round(FULL_SECONDS + SLOW_SECONDS * depression, 1)
