"""The acoustic measures of a session beside the patient's own earlier ones, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy, pgettext

from inference.biomarkers.definitions import DEFINITIONS, Definition
from inference.results import Measure
from sessions_app.baseline import SESSIONS, Side
from sessions_app.dashboard.wording import BEYOND
from sessions_app.own_measures import OwnBand, own_measure
from sessions_app.trends import TrendPoint

TOO_FEW = gettext_lazy("not enough sessions yet (%(sessions)s of %(needed)s)")
WEAK = gettext_lazy("Weak evidence: studies hardly agree on a link between this measure and depression.")
MAY_BE_NEGATIVE = ("dB",)
"""Units that begin so have no natural zero."""


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
        return str(WEAK) if self.definition.tier == "C" else ""


def measure_rows(
    measured: Mapping[str, Measure], earlier: Sequence[TrendPoint], pipeline_version: str
) -> list[MeasureRow]:
    """All measures in the order of the table of definitions."""
    return [
        _row(definition, measured.get(definition.code), own_measure(earlier, definition, pipeline_version))
        for definition in DEFINITIONS
    ]


def _row(definition: Definition, measure: Measure | None, own: OwnBand) -> MeasureRow:
    value = measure.value if measure else None
    text = None if value is None else _written(definition, value)
    return MeasureRow(definition, text, _band(definition, own), own.side(value))


def _band(definition: Definition, own: OwnBand) -> str:
    if own.baseline is None:
        return TOO_FEW % {"sessions": own.sessions, "needed": SESSIONS}
    low = own.baseline.low if definition.unit.startswith(MAY_BE_NEGATIVE) else max(0.0, own.baseline.low)
    ends = {"low": _written(definition, low), "high": _written(definition, own.baseline.high)}
    return pgettext("own baseline", "%(low)s to %(high)s") % ends


def _written(definition: Definition, value: float) -> str:
    return f"{value:.{definition.decimals}f}"
