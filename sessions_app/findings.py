"""A change of a questionnaire's total in words: the numbers in a sentence, and what they amount to by which rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format

from sessions_app.self_report import Change, Direction, SelfReport


@dataclass(frozen=True, slots=True)
class Finding:
    """What a change amounts to, and the rule by which it is called so."""

    words: str
    rule: str


@dataclass(frozen=True, slots=True)
class ChangeWords:
    """One change: the numbers in a sentence, and what they amount to."""

    sentence: str
    findings: tuple[Finding, ...]


def changes_of(report: SelfReport) -> Iterable[ChangeWords]:
    """Since the first, and since the one before where that is another."""
    first, last = report.since_first, report.since_last
    if first:
        yield since_first(first)
    if first and last and last.since != first.since:
        yield ChangeWords(_sentence("the one before", last), tuple(_findings(last, since_first=False)))


def since_first(change: Change) -> ChangeWords:
    """What became of the first total until now."""
    return ChangeWords(_sentence("the first", change), tuple(_findings(change, since_first=True)))


def _sentence(name: str, change: Change) -> str:
    day = date_format(timezone.localtime(change.since.answered_at), "j M Y")
    points = abs(change.points)
    way = (
        "no change" if not points else f"{points} point{'s' * (points != 1)} {'more' if change.points > 0 else 'fewer'}"
    )
    return f"Since {name}, of {day}: {change.since.total} → {change.now.total}, {way}."


def _findings(change: Change, *, since_first: bool) -> Iterable[Finding]:
    name, limit = change.definition.name, change.definition.reliable
    source = "Limit: NHS Talking Therapies manual, after Jacobson and Truax 1991."
    match change.direction:
        case Direction.BETTER:
            yield Finding("reliable improvement", f"The {name} total fell by {limit} points or more. {source}")
        case Direction.WORSE:
            yield Finding("reliable worsening", f"The {name} total rose by {limit} points or more. {source}")
        case Direction.NONE:
            yield Finding("no reliable change", f"Fewer than {limit} points on {name} may be chance. {source}")
    if since_first:
        yield from _outcomes(change)


def _outcomes(change: Change) -> Iterable[Finding]:
    case, limit = change.definition.case, change.definition.remission
    if change.response:
        yield Finding("response", f"The first total was {case} or more and has at least halved (McMillan 2010).")
    if change.remission:
        yield Finding(
            "remission", f"The first total was {case} or more and the newest is below {limit} (Kroenke 2001)."
        )
