"""The questionnaires: items, choices, scoring and what a change of the total means. One table, plain Python.

Sources, by the short names used below:

- Kroenke 2001: Kroenke, Spitzer & Williams, The PHQ-9, J Gen Intern Med 16:606-613. Items, bands, remission below 5.
- Spitzer 2006: Spitzer, Kroenke, Williams & Löwe, The GAD-7, Arch Intern Med 166:1092-1097. Items, bands.
- NHS manual: NHS Talking Therapies for anxiety and depression manual. Reliable change: 6 on PHQ-9, 4 on GAD-7.
- IAPT handbook: IAPT Data Handbook 2.0.1 (2011). One or two missing items are replaced by the mean of the others.
- McMillan 2010: McMillan, Gilbody & Richards, J Affect Disord 127:122-129. Response: the total has halved.

Both questionnaires may be reproduced, translated and used without permission (their publisher's statement). In Spanish
the items read as in the publisher's own version for the United States.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy, pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CHOICES = (
    gettext_lazy("Not at all"),
    gettext_lazy("Several days"),
    gettext_lazy("More than half the days"),
    gettext_lazy("Nearly every day"),
)
"""How often within the last two weeks: 0 to 3."""

INSTRUCTION = gettext_lazy("Over the last 2 weeks, how often have you been bothered by any of the following problems?")

MOST_MISSING = 2
"""With more items missing than these, there is no total (IAPT handbook)."""


@dataclass(frozen=True, slots=True)
class Band:
    """Totals from ``low`` to ``high`` are called ``words``."""

    low: int
    high: int
    words: StrOrPromise


@dataclass(frozen=True, slots=True)
class Definition:
    """One questionnaire. ``measures``: what of. ``reliable``: by how much a total must move to be no accident.

    ``remission``: totals below are remission, ``None`` where none is agreed on. ``case``: from this total on a problem
    is likely, so that a response can be spoken of. ``safety_item``: number of the item about self-harm, or ``None``.
    """

    name: str
    measures: StrOrPromise
    items: tuple[StrOrPromise, ...]
    bands: tuple[Band, ...]
    reliable: int
    case: int
    remission: int | None = None
    safety_item: int | None = None
    source: str = ""

    @property
    def most(self) -> int:
        """The highest total there is."""
        return (len(CHOICES) - 1) * len(self.items)

    def severity(self, total: int) -> str:
        """What ``total`` is called. Raises ``ValueError`` for one that there is not."""
        for band in self.bands:
            if band.low <= total <= band.high:
                return str(band.words)
        raise ValueError(f"{self.name} has no total of {total}.")


def total_of(items: Sequence[int | None]) -> int | None:
    """The sum of ``items`` (0..3 each), or none where more than `MOST_MISSING` are.

    For a missing item stands the mean of the others; the sum is rounded to a whole number, halves upwards.
    """
    answered = [item for item in items if item is not None]
    if len(items) - len(answered) > MOST_MISSING or not answered:
        return None
    return int(Fraction(sum(answered) * len(items), len(answered)) + Fraction(1, 2))


def _bands(*tops: tuple[int, StrOrPromise]) -> tuple[Band, ...]:
    """Bands that follow one another from 0, by their highest totals."""
    edges: list[tuple[int, StrOrPromise]] = [(-1, ""), *tops]
    return tuple(Band(before + 1, top, words) for (before, _), (top, words) in pairwise(edges))


MINIMAL = pgettext_lazy("severity", "minimal")
MILD = pgettext_lazy("severity", "mild")
MODERATE = pgettext_lazy("severity", "moderate")
MODERATELY_SEVERE = pgettext_lazy("severity", "moderately severe")
SEVERE = pgettext_lazy("severity", "severe")

SAFETY_ITEM = 9
"""Of PHQ-9: the item about self-harm."""

PHQ9 = Definition(
    name="PHQ-9",
    measures=pgettext_lazy("questionnaire", "depression"),
    items=(
        gettext_lazy("Little interest or pleasure in doing things"),
        gettext_lazy("Feeling down, depressed, or hopeless"),
        gettext_lazy("Trouble falling or staying asleep, or sleeping too much"),
        gettext_lazy("Feeling tired or having little energy"),
        gettext_lazy("Poor appetite or overeating"),
        gettext_lazy("Feeling bad about yourself, or that you are a failure or have let yourself or your family down"),
        gettext_lazy("Trouble concentrating on things, such as reading the newspaper or watching television"),
        gettext_lazy(
            "Moving or speaking so slowly that other people could have noticed, or the opposite: being so fidgety or"
            " restless that you have been moving around a lot more than usual"
        ),
        gettext_lazy("Thoughts that you would be better off dead or of hurting yourself in some way"),
    ),
    bands=_bands((4, MINIMAL), (9, MILD), (14, MODERATE), (19, MODERATELY_SEVERE), (27, SEVERE)),
    reliable=6,
    case=10,
    remission=5,
    safety_item=SAFETY_ITEM,
    source="Kroenke, Spitzer & Williams 2001",
)

GAD7 = Definition(
    name="GAD-7",
    measures=pgettext_lazy("questionnaire", "anxiety"),
    items=(
        gettext_lazy("Feeling nervous, anxious, or on edge"),
        gettext_lazy("Not being able to stop or control worrying"),
        gettext_lazy("Worrying too much about different things"),
        gettext_lazy("Trouble relaxing"),
        gettext_lazy("Being so restless that it is hard to sit still"),
        gettext_lazy("Becoming easily annoyed or irritable"),
        gettext_lazy("Feeling afraid as if something awful might happen"),
    ),
    bands=_bands((4, MINIMAL), (9, MILD), (14, MODERATE), (21, SEVERE)),
    reliable=4,
    case=8,
    source="Spitzer, Kroenke, Williams & Löwe 2006",
)

DEFINITIONS = {"phq9": PHQ9, "gad7": GAD7}
"""By the code that the database keeps."""
