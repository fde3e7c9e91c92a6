"""The stages of an analysis, in order, with their names for people. Light to import: the pages need them too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: ``label`` for people; ``share``: its usual part of the whole work, 0..1."""

    code: str
    label: str
    share: float


STAGE_TABLE = (
    Stage("decode", "Reading the file", 0.15),
    Stage("quality", "Checking the sound", 0.05),
    Stage("speech", "Finding the patient's voice", 0.25),
    Stage("measures", "Measuring the voice", 0.15),
    Stage("model", "Listening with the model", 0.35),
    Stage("summary", "Putting it together", 0.05),
)
STAGES = tuple(stage.code for stage in STAGE_TABLE)
STAGE_LABELS = {stage.code: stage.label for stage in STAGE_TABLE}
