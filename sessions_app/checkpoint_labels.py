"""The line that must stand beside every score, on pages and in the API alike: what its checkpoint is fit for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext_lazy

from inference import checkpoints
from inference.errors import CheckpointUnavailable

NO_CARD = gettext_lazy(
    "The card of this checkpoint is not installed here, so it is not known what its scores are fit for."
)


@dataclass(frozen=True, slots=True)
class CheckpointLabel:
    """A checkpoint's name and its line."""

    name: str
    line: str


def label_of(checkpoint: str) -> str:
    """The line of this checkpoint."""
    try:
        return _description(checkpoint).label
    except CheckpointUnavailable:
        return str(NO_CARD)


def labels_of(names: Iterable[str]) -> list[CheckpointLabel]:
    """One label for each different checkpoint among ``names``, in order of name."""
    return [CheckpointLabel(name, label_of(name)) for name in sorted(set(names))]


# A card that is missing is not remembered as missing: it may be installed while the server runs.
_description = lru_cache(maxsize=8)(checkpoints.describe)
