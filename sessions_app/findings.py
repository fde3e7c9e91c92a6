"""A change of a questionnaire's total in words: the numbers in a sentence, and what they amount to by which rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext_lazy, pgettext

from sessions_app.self_report import Change, Direction, SelfReport

SINCE_FIRST = (
    ngettext_lazy(
        "Since the first, of %(day)s: %(then)s → %(now)s, %(points)s point fewer.",
        "Since the first, of %(day)s: %(then)s → %(now)s, %(points)s points fewer.",
        "points",
    ),
    ngettext_lazy(
        "Since the first, of %(day)s: %(then)s → %(now)s, %(points)s point more.",
        "Since the first, of %(day)s: %(then)s → %(now)s, %(points)s points more.",
        "points",
    ),
)
SINCE_LAST = (
    ngettext_lazy(
        "Since the one before, of %(day)s: %(then)s → %(now)s, %(points)s point fewer.",
        "Since the one before, of %(day)s: %(then)s → %(now)s, %(points)s points fewer.",
        "points",
    ),
    ngettext_lazy(
        "Since the one before, of %(day)s: %(then)s → %(now)s, %(points)s point more.",
        "Since the one before, of %(day)s: %(then)s → %(now)s, %(points)s points more.",
        "points",
    ),
)
"""Each for a total that fell and for one that rose."""


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
        yield ChangeWords(_sentence(last, since_first=False), tuple(_findings(last, since_first=False)))


def since_first(change: Change) -> ChangeWords:
    """What became of the first total until now."""
    return ChangeWords(_sentence(change, since_first=True), tuple(_findings(change, since_first=True)))


def _sentence(change: Change, *, since_first: bool) -> str:
    day = date_format(timezone.localtime(change.since.answered_at), "j M Y")
    numbers = {"day": day, "then": change.since.total, "now": change.now.total}
    if change.points:
        fewer, more = SINCE_FIRST if since_first else SINCE_LAST
        return (more if change.points > 0 else fewer) % {**numbers, "points": abs(change.points)}
    if since_first:
        return gettext("Since the first, of %(day)s: %(then)s → %(now)s, no change.") % numbers
    return gettext("Since the one before, of %(day)s: %(then)s → %(now)s, no change.") % numbers


def _findings(change: Change, *, since_first: bool) -> Iterable[Finding]:
    match change.direction:
        case Direction.BETTER:
            rule = gettext("The %(name)s total fell by %(limit)s points or more.")
            yield Finding(gettext("reliable improvement"), _by_limit(rule, change))
        case Direction.WORSE:
            rule = gettext("The %(name)s total rose by %(limit)s points or more.")
            yield Finding(gettext("reliable worsening"), _by_limit(rule, change))
        case Direction.NONE:
            rule = gettext("Fewer than %(limit)s points on %(name)s may be chance.")
            yield Finding(gettext("no reliable change"), _by_limit(rule, change))
    if since_first:
        yield from _outcomes(change)


def _by_limit(rule: str, change: Change) -> str:
    """The rule, and where its limit comes from."""
    said = rule % {"name": change.definition.name, "limit": change.definition.reliable}
    source = gettext("Limit: NHS Talking Therapies manual, after Jacobson and Truax 1991.")
    return f"{said} {source}"


def _outcomes(change: Change) -> Iterable[Finding]:
    limits = {"case": change.definition.case, "limit": change.definition.remission}
    if change.response:
        rule = gettext("The first total was %(case)s or more and has at least halved (McMillan 2010).")
        yield Finding(pgettext("outcome", "response"), rule % limits)
    if change.remission:
        rule = gettext("The first total was %(case)s or more and the newest is below %(limit)s (Kroenke 2001).")
        yield Finding(gettext("remission"), rule % limits)
