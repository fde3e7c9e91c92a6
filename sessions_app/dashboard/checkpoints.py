"""What a page must say about the checkpoints whose scores it shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from inference import checkpoints
from inference.errors import CheckpointUnavailable

UNKNOWN = "The card of this checkpoint is not installed here, so what it is fit for is not known"


@dataclass(frozen=True, slots=True)
class Label:
    """A checkpoint's name and the line that must stand beside its scores."""

    name: str
    line: str


def labels(names: Iterable[str]) -> list[Label]:
    """One label for each different checkpoint among ``names``, in order of name."""
    return [Label(name, _line(name)) for name in sorted(set(names))]


def _line(name: str) -> str:
    try:
        return checkpoints.describe(name).label
    except CheckpointUnavailable:
        return UNKNOWN
