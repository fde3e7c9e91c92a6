"""What each installed checkpoint says of itself: what it was made of, how well it did, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from inference import checkpoints
from inference.checkpoints import Description
from inference.errors import CheckpointUnavailable
from sessions_app.dashboard.wording import HEAD_WORDS, TO

NOT_SAID = gettext_lazy("The card does not say.")
NOT_A_DIAGNOSIS = gettext_lazy(
    "It is not a diagnosis. It says how far a voice sounds like what the checkpoint was trained on, and nothing about "
    "why it sounds so."
)


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One figure with its 90 % interval where there is one, what it had to reach, and whether it did."""

    name: str
    value: str
    interval: str
    asked: str
    reached: bool | None


@dataclass(frozen=True, slots=True)
class CheckpointCard:
    """A card in the order in which it is read."""

    description: Description
    heads: tuple[str, ...]
    training_data: str
    intended_use: str
    gaps: tuple[str, ...]
    licence: str
    origin: str
    evaluated_on: str
    metrics: tuple[MetricRow, ...]

    @property
    def missed(self) -> int:
        """How many figures were not reached."""
        return sum(row.reached is False for row in self.metrics)


def installed_cards() -> list[CheckpointCard]:
    """The cards of all checkpoints that are installed here, by name; without those that cannot be read."""
    return [_card(description) for description in _descriptions()]


def _descriptions() -> Iterator[Description]:
    for name in checkpoints.names():
        try:
            yield checkpoints.describe(name)
        except CheckpointUnavailable:
            continue


def _card(description: Description) -> CheckpointCard:
    card = description.card
    return CheckpointCard(
        description=description,
        heads=tuple(str(words.label) for words in HEAD_WORDS if words.head in description.heads),
        training_data=_said(card, "training_data"),
        intended_use=_said(card, "intended_use"),
        gaps=tuple(map(str, card.get("gaps", ()))),
        licence=_said(card, "licence"),
        origin=str(card.get("origin", "")),
        evaluated_on=_evaluated_on(card.get("evaluation", {})),
        metrics=tuple(_metric(row) for row in card.get("metrics", ())),
    )


def _said(card: dict[str, Any], part: str) -> str:
    return str(card.get(part) or NOT_SAID)


def _evaluated_on(evaluation: dict[str, Any]) -> str:
    """The engine whose voices were kept out of the training, for instance."""
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in evaluation.items())


def _metric(row: dict[str, Any]) -> MetricRow:
    interval = row.get("interval")
    return MetricRow(
        name=str(row["name"]),
        value=f"{row['value']:.3g}",
        interval=TO.join(f"{end:.3g}" for end in interval) if interval else "",
        asked=_asked(row.get("at_least"), row.get("at_most")),
        reached=row.get("reached"),
    )


def _asked(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return gettext("at least %(least)s and at most %(most)s") % {"least": f"{least:g}", "most": f"{most:g}"}
    if least is not None:
        return gettext("at least %(least)s") % {"least": f"{least:g}"}
    return gettext("at most %(most)s") % {"most": f"{most:g}"} if most is not None else ""
