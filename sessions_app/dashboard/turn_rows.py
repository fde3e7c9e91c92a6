"""Who spoke when, as rows of a table, with how long the patient's answers were waited for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from inference.answers import latency
from inference.results import Turn

SPEAKERS = {"patient": "Patient", "counselor": "Counselor", "other": "Other person"}


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One turn; ``waited``: seconds of silence before it, where it answers somebody."""

    turn: Turn
    who: str
    waited: float | None


def turn_rows(turns: Sequence[Turn]) -> list[TurnRow]:
    """A row for each of ``turns``, in their order."""
    waited = [None, *(latency(before, after) for before, after in pairwise(turns))]
    return [
        TurnRow(turn, SPEAKERS.get(turn.speaker, turn.speaker), silence)
        for turn, silence in zip(turns, waited, strict=False)
    ]
