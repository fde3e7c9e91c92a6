"""The acoustic measures of a session beside the patient's own earlier ones, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy, pgettext

from inference.biomarkers.definitions import DEFINITIONS, Definition
from inference.results import Measure
from sessions_app.baseline import SESSIONS, Side
from sessions_app.dashboard.wording import BEYOND
from sessions_app.measures import EVIDENCE, digits
from sessions_app.own_baseline import OwnBaseline, of_measure, own_baseline_of
from sessions_app.trends import TrendPoint

TOO_FEW = gettext_lazy("not enough sessions yet (%(sessions)s of %(needed)s)")


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure: its value as text (``None`` where it could not be measured), the own band, and its side of it."""

    definition: Definition
    value: str | None
    band: str
    side: Side | None

    @property
    def place(self) -> str:
        """Above, below or within; nothing where there is no band."""
        if self.side is None:
            return ""
        return str(BEYOND[self.side]) if self.side in BEYOND else pgettext("own baseline", "within")

    @property
    def is_beyond(self) -> bool:
        """Whether it lies beyond the own baseline."""
        return self.side in BEYOND

    @property
    def evidence(self) -> str:
        """What must be said beside a measure of which little is known."""
        return str(EVIDENCE["C"]) if self.definition.tier == "C" else ""


def measure_rows(
    measured: Mapping[str, Measure], earlier: Sequence[TrendPoint], pipeline_version: str, *, counts: bool
) -> list[MeasureRow]:
    """All measures in the order of the table of definitions.

    ``counts``: whether the recording may stand for its session; if not, it is not said where it lies.
    """
    rows = []
    for definition in DEFINITIONS:
        measure = measured.get(definition.code)
        own = own_baseline_of(earlier, of_measure(definition), pipeline_version)
        rows.append(_row(definition, measure.value if measure else None, own, counts=counts))
    return rows


def _row(definition: Definition, value: float | None, own: OwnBaseline | None, *, counts: bool) -> MeasureRow:
    text = None if value is None else digits(definition, value)
    side = own.side_of(value) if own and counts else None
    return MeasureRow(definition, text, _band(definition, own), side)


def _band(definition: Definition, own: OwnBaseline | None) -> str:
    if own is None or own.low is None or own.high is None:
        return TOO_FEW % {"sessions": own.sessions if own else 0, "needed": SESSIONS}
    ends = {"low": digits(definition, own.low), "high": digits(definition, own.high)}
    return pgettext("own baseline", "%(low)s to %(high)s") % ends
