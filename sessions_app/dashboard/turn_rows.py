"""Who spoke when, as rows of a table, with how long the patient's answers were waited for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_lazy

from inference.answers import latency
from inference.results import Turn
from sessions_app.dashboard.wording import clock

SPEAKERS = {
    "patient": gettext_lazy("Patient"),
    "counselor": gettext_lazy("Counselor"),
    "other": gettext_lazy("Other person"),
}


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One turn; ``waited``: seconds of silence before it, where it answers somebody."""

    turn: Turn
    who: str
    waited: float | None

    @property
    def cells(self) -> tuple[str, ...]:
        """What its row says of when it was: from, to, how long, and the wait."""
        waited = "–" if self.waited is None else gettext("%(waited)s s") % {"waited": number_format(self.waited, 1)}
        return clock(self.turn.start), clock(self.turn.end), number_format(self.turn.duration, 1), waited


def turn_rows(turns: Sequence[Turn]) -> list[TurnRow]:
    """A row for each of ``turns``, in their order."""
    waited = [None, *(latency(before, after) for before, after in pairwise(turns))]
    return [
        TurnRow(turn, str(SPEAKERS.get(turn.speaker, turn.speaker)), silence)
        for turn, silence in zip(turns, waited, strict=False)
    ]
