"""What changed, in a few sentences that are computed: the questionnaires, and the voice beside the own baseline.

Each says by how much and on how many sessions it rests. None says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean

from inference.biomarkers.definitions import DEFINITIONS, Definition
from inference.score_words import number
from sessions_app.baseline import IN_A_ROW, SESSIONS, Side
from sessions_app.dashboard.wording import HEAD_WORDS
from sessions_app.findings import Finding, since_first
from sessions_app.measures import after, digits, own_measure
from sessions_app.own_baseline import OwnBaseline, of_head, own_baselines
from sessions_app.self_report import SelfReport, self_reports
from sessions_app.trends import Trend, TrendPoint

MAIN = tuple(definition for definition in DEFINITIONS if definition.main)

OWN_BASELINE = Finding(
    "own baseline",
    f"Where a further session lies in nine of ten cases if nothing changed, by the first {SESSIONS} sessions (90 % "
    f"prediction interval). A departure is named when the last {IN_A_ROW} sessions or more lie beyond the same edge. "
    "Poor recordings and voices that nobody has confirmed are left out.",
)
BY_CHANCE = Finding(
    "may be chance",
    f"{len(MAIN)} measures are compared, so one or another may lie beyond its baseline by chance alone.",
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence, its parts where there are several, and the rules that stand behind it."""

    words: str
    rules: tuple[Finding, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Compared:
    """One score or measure beside its baseline. ``write``: how a value is written; ``unit``: what stands after it."""

    label: str
    own: OwnBaseline
    write: Callable[[float], str]
    unit: str = ""

    @property
    def departs(self) -> bool:
        return bool(self.own.beyond)

    @property
    def words(self) -> str:
        """Beyond which edge it lies, with the mean of the sessions that do, and the band."""
        low, high, center = self.own.low, self.own.high, self.own.center
        if low is None or high is None or center is None:
            return self.label
        side, way = ("above", "more") if self.own.side is Side.ABOVE else ("below", "less")
        count, mean = len(self.own.beyond), fmean(self.own.beyond)
        apart = f"{self.write(abs(mean - center))}{self.unit} {way} than its middle"
        band = f"baseline {self.write(low)} to {self.write(high)}{self.unit}"
        on_average = f"{self.write(mean)}{self.unit} on average, {apart}"
        return f"{self.label} lies {side} it in the last {count} sessions: {on_average} ({band})."


def summary_of(trend: Trend) -> list[Statement]:
    """What there is to say of what may be shown."""
    reports = self_reports(trend.questionnaires).values()
    return [*filter(None, map(_of_report, reports)), *_of_scores(trend.points), *_of_measures(trend.points)]


def _of_report(report: SelfReport) -> Statement | None:
    name, change = report.definition.name, report.since_first
    if change is None:
        return None
    said = since_first(change)
    count = len(report.complete)
    return Statement(f"{name}, {count} totals. {said.sentence}", said.findings)


def _of_scores(points: tuple[TrendPoint, ...]) -> Iterator[Statement]:
    found = [(str(words.label), own_baselines(points, of_head(words.head))) for words in HEAD_WORDS]
    compared = [_Compared(label, own[-1], number) for label, own in found if own]
    if not compared:
        return
    with_baseline = [one for one in compared if one.own.baseline is not None]
    if not with_baseline:
        count = max(one.own.sessions for one in compared)
        words = f"Scores of the voice: not enough sessions yet for an own baseline; {count} of {SESSIONS} count."
        yield Statement(words, (OWN_BASELINE,))
        return
    yield _statement("Scores of the voice", with_baseline, OWN_BASELINE)


def _of_measures(points: tuple[TrendPoint, ...]) -> Iterator[Statement]:
    compared = [one for definition in MAIN for one in _measure(points, definition)]
    if compared:
        yield _statement("Main measures of the voice", compared, OWN_BASELINE, BY_CHANCE)


def _measure(points: tuple[TrendPoint, ...], definition: Definition) -> Iterator[_Compared]:
    own = own_measure(points, definition)
    if own and own[-1].baseline is not None:
        yield _Compared(definition.label, own[-1], partial(digits, definition), after(definition))


def _statement(what: str, compared: Sequence[_Compared], *rules: Finding) -> Statement:
    """Which depart and by how much; that none of the others does; on how many sessions it rests."""
    after_it = max(one.own.sessions for one in compared) - SESSIONS
    if not after_it:
        return Statement(f"{what}: the first {SESSIONS} sessions make this patient’s own baseline; none since.", rules)
    rests = f"{after_it} session{'s' * (after_it != 1)} after the {SESSIONS} that make it"
    departing = [one.words for one in compared if one.departs]
    if not departing:
        return Statement(f"{what}: no lasting departure from this patient’s own baseline; {rests}.", rules)
    rest = len(compared) - len(departing)
    others = [f"The other {rest} show{'s' * (rest == 1)} no lasting departure."] if rest else []
    return Statement(f"{what} beside this patient’s own baseline; {rests}:", rules, (*departing, *others))
