"""What changed, in a few sentences that are computed: the questionnaires, and the voice beside the own baseline.

Each says by how much and on how many sessions it rests. None says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from statistics import fmean

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from inference.biomarkers.definitions import DEFINITIONS, Definition
from inference.score_words import number
from sessions_app.baseline import IN_A_ROW, SESSIONS, Side
from sessions_app.dashboard.wording import HEAD_WORDS, too_wide_words
from sessions_app.engine_words.measures import measure_label
from sessions_app.findings import Finding, changes_of
from sessions_app.instruments import CHOICES, SAFETY_ITEM
from sessions_app.measures import after, digits, own_measure
from sessions_app.own_baseline import OwnBaseline, newest_of, of_head, own_baselines
from sessions_app.self_report import Direction, SelfReport, self_reports
from sessions_app.trends import Trend, TrendPoint

MAIN = tuple(definition for definition in DEFINITIONS if definition.main)


def own_baseline_rule() -> Finding:
    """What an own baseline is, and when a departure from it is named."""
    words = gettext(
        "Where a further session lies in nine of ten cases if nothing changed, by the first %(sessions)s sessions "
        "(90 %% prediction interval). A departure is named when the last %(in_a_row)s sessions or more lie beyond the "
        "same edge. Poor recordings and voices that nobody has confirmed are left out."
    )
    return Finding(gettext("own baseline"), words % {"sessions": SESSIONS, "in_a_row": IN_A_ROW})


def by_chance_rule() -> Finding:
    """What comparing many measures does."""
    words = gettext(
        "%(measures)s measures are compared, so one or another may lie beyond its baseline by chance alone."
    )
    return Finding(gettext("may be chance"), words % {"measures": len(MAIN)})


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
        mean = fmean(self.own.beyond)
        said = (
            gettext(
                "%(label)s lies above it in the last %(count)s sessions: %(mean)s on average, %(apart)s more than its "
                "middle (baseline %(low)s to %(high)s)."
            )
            if self.own.side is Side.ABOVE
            else gettext(
                "%(label)s lies below it in the last %(count)s sessions: %(mean)s on average, %(apart)s less than its "
                "middle (baseline %(low)s to %(high)s)."
            )
        )
        return said % {
            "label": self.label,
            "count": len(self.own.beyond),
            "mean": f"{self.write(mean)}{self.unit}",
            "apart": f"{self.write(abs(mean - center))}{self.unit}",
            "low": self.write(low),
            "high": f"{self.write(high)}{self.unit}",
        }


def summary_of(trend: Trend) -> list[Statement]:
    """What there is to say of what may be shown."""
    reports = self_reports(trend.questionnaires).values()
    return [*chain(*map(_of_report, reports)), *_of_scores(trend.points), *_of_measures(trend.points)]


def _of_report(report: SelfReport) -> Iterator[Statement]:
    """What became of the first total, and of the one before where that is another reliable change."""
    yield from _of_safety(report)
    name, first, last = report.definition.name, report.since_first, report.since_last
    if first is None or last is None:
        return
    said, *since_last = changes_of(report)
    totals = gettext("%(name)s, %(count)s totals.") % {"name": name, "count": len(report.complete)}
    yield Statement(f"{totals} {said.sentence}", said.findings)
    if last.direction not in (Direction.NONE, first.direction):
        for words in since_last:
            yield Statement(f"{name}: {words.sentence}", words.findings)


def _of_safety(report: SelfReport) -> Iterator[Statement]:
    """That the answer about self-harm rose: a total may fall meanwhile."""
    answered = [one for one in report.responses if one.safety_answer is not None]
    if len(answered) < 2:
        return
    before, now = answered[-2:]
    was, is_now = before.safety_answer or 0, now.safety_answer or 0
    if is_now > was:
        words = gettext(
            "%(name)s, item %(item)s (self-harm) rose from “%(was)s” on %(before)s to “%(now)s” on %(day)s."
        )
        said = {"was": str(CHOICES[was]).lower(), "now": str(CHOICES[is_now]).lower()}
        days = {"before": _day(before.answered_at), "day": _day(now.answered_at)}
        yield Statement(words % {"name": report.definition.name, "item": SAFETY_ITEM, **said, **days}, ())


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "j M Y")


def _of_scores(points: tuple[TrendPoint, ...]) -> Iterator[Statement]:
    found = [(str(words.label), newest_of(own_baselines(points, of_head(words.head)))) for words in HEAD_WORDS]
    compared = [_Compared(label, own, number) for label, own in found if own]
    if not compared:
        return
    with_baseline = [one for one in compared if one.own.baseline is not None]
    if not with_baseline:
        count = max(one.own.sessions for one in compared)
        words = gettext(
            "Scores of the voice: not enough sessions yet for an own baseline; %(count)s of %(sessions)s count."
        )
        yield Statement(words % {"count": count, "sessions": SESSIONS}, (own_baseline_rule(),))
        return
    telling = [one for one in with_baseline if not one.own.holds_everything]
    for one in with_baseline:
        if one.own.holds_everything:
            yield Statement(too_wide_words(one.label), (own_baseline_rule(),))
    if telling:
        are_all = len(telling) == len(with_baseline)
        what = gettext("Scores of the voice") if are_all else ", ".join(one.label for one in telling)
        yield _statement(what, telling, own_baseline_rule())


def _of_measures(points: tuple[TrendPoint, ...]) -> Iterator[Statement]:
    compared = [one for definition in MAIN for one in _measure(points, definition)]
    if compared:
        yield _statement(gettext("Main measures of the voice"), compared, own_baseline_rule(), by_chance_rule())


def _measure(points: tuple[TrendPoint, ...], definition: Definition) -> Iterator[_Compared]:
    own = newest_of(own_measure(points, definition))
    if own and own.baseline is not None:
        yield _Compared(measure_label(definition), own, partial(digits, definition), after(definition))


def _statement(what: str, compared: Sequence[_Compared], *rules: Finding) -> Statement:
    """Which depart and by how much; that none of the others does; on how many sessions it rests."""
    after_it = max(one.own.sessions for one in compared) - SESSIONS
    departing = tuple(one.words for one in compared if one.departs)
    said = _rests_on(after_it, departs=bool(departing)) % {"what": what, "after": after_it, "sessions": SESSIONS}
    if not departing:
        return Statement(said, rules)
    rest = len(compared) - len(departing)
    return Statement(said, rules, (*departing, *([_others(rest)] if rest else [])))


def _rests_on(after_it: int, *, departs: bool) -> str:
    """How many sessions there are ``after_it``, and whether any departs lastingly."""
    if not after_it:
        return gettext("%(what)s: the first %(sessions)s sessions make this patient’s own baseline; none since.")
    if not departs:
        return ngettext(
            "%(what)s: no lasting departure from this patient’s own baseline; %(after)s session after the "
            "%(sessions)s that make it.",
            "%(what)s: no lasting departure from this patient’s own baseline; %(after)s sessions after the "
            "%(sessions)s that make it.",
            after_it,
        )
    return ngettext(
        "%(what)s beside this patient’s own baseline; %(after)s session after the %(sessions)s that make it:",
        "%(what)s beside this patient’s own baseline; %(after)s sessions after the %(sessions)s that make it:",
        after_it,
    )


def _others(rest: int) -> str:
    words = ngettext(
        "The other %(rest)s shows no lasting departure.", "The other %(rest)s show no lasting departure.", rest
    )
    return words % {"rest": rest}
