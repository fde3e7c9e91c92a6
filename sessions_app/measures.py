"""The acoustic measures over time: which there are for a patient, and where each lies beside the own baseline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext_lazy

from inference.biomarkers.definitions import DEFINITIONS, Definition
from sessions_app.engine_words.measures import group_words, measure_unit
from sessions_app.own_baseline import OwnBaseline, of_measure, own_baselines
from sessions_app.trends import TrendPoint

EVIDENCE = {
    "A": "",
    "B": gettext_lazy("Findings on its link with depression are mixed."),
    "C": gettext_lazy("Weak evidence: studies hardly agree on a link between this measure and depression."),
}
"""By the tier of a measure: what must be said beside it."""


@dataclass(frozen=True, slots=True)
class MeasureGroup:
    """Measures that belong together, for a choice."""

    name: str
    definitions: tuple[Definition, ...]


def measures_of(points: Iterable[TrendPoint]) -> list[MeasureGroup]:
    """Those that may be chosen: all, if anything that was measured may be shown, else none."""
    if not any(point.measured for point in points):
        return []
    groups = groupby(DEFINITIONS, key=lambda definition: definition.group)
    return [MeasureGroup(group_words(name), tuple(definitions)) for name, definitions in groups]


def own_measure(points: Iterable[TrendPoint], definition: Definition) -> list[OwnBaseline]:
    """The own baselines of one measure, oldest first."""
    return own_baselines(points, of_measure(definition))


def digits(definition: Definition, value: float) -> str:
    """A value with as many digits as are worth showing, without its unit."""
    return f"{value:.{definition.decimals}f}"


def after(definition: Definition) -> str:
    """What stands after a value: its unit, if it has one."""
    unit = measure_unit(definition)
    return f" {unit}" if unit else ""


def in_unit(definition: Definition, value: float) -> str:
    """A value as it is read, for instance "182.4 Hz"."""
    return digits(definition, value) + after(definition)
