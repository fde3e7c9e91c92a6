"""A patient's questionnaires in words: the newest, what changed and by which rule, and each item over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format

from sessions_app.instruments import CHOICES, MOST_MISSING, Definition
from sessions_app.models import QuestionnaireResponse
from sessions_app.self_report import Change, Direction, SelfReport, self_reports

COLUMNS = 8
"""As many questionnaires stand side by side in the table of items."""


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


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item: its answers in the columns of the table (``None``: left out)."""

    number: int
    words: str
    answers: tuple[int | None, ...]
    is_safety: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """All of one kind. ``columns``: the last ones, oldest first; ``rows``: their answers, an item each."""

    kind: str
    definition: Definition
    newest: QuestionnaireResponse
    changes: tuple[ChangeWords, ...]
    columns: tuple[QuestionnaireResponse, ...]
    rows: tuple[ItemRow, ...]


@dataclass(frozen=True, slots=True)
class SafetyAnswer:
    """An answer about self-harm other than "not at all": what it was, and on which questionnaire."""

    response: QuestionnaireResponse
    words: str
    item: int


def panels(responses: Iterable[QuestionnaireResponse]) -> list[Panel]:
    """One for each kind that there is, of ``responses`` of one patient, oldest first."""
    return [_panel(kind, report) for kind, report in self_reports(responses).items()]


def safety_answer(responses: Iterable[QuestionnaireResponse]) -> SafetyAnswer | None:
    """The newest answer about self-harm, unless it is "not at all"."""
    found = next(filter(None, (report.safety for report in self_reports(responses).values())), None)
    if found is None or found.safety_answer is None or found.definition.safety_item is None:
        return None
    return SafetyAnswer(found, CHOICES[found.safety_answer].lower(), found.definition.safety_item)


def _panel(kind: str, report: SelfReport) -> Panel:
    columns = report.responses[-COLUMNS:]
    return Panel(
        kind=kind,
        definition=report.definition,
        newest=report.responses[-1],
        changes=tuple(_changes(report)),
        columns=columns,
        rows=tuple(_rows(report.definition, columns)),
    )


def _rows(definition: Definition, columns: Iterable[QuestionnaireResponse]) -> Iterable[ItemRow]:
    for place, (words, answers) in enumerate(
        zip(definition.items, zip(*(one.items for one in columns), strict=True), strict=True), 1
    ):
        yield ItemRow(place, words, answers, is_safety=place == definition.safety_item)


def _changes(report: SelfReport) -> Iterable[ChangeWords]:
    """Since the first, and since the one before where that is another."""
    first, last = report.since_first, report.since_last
    if first:
        yield ChangeWords(_sentence("the first", first), tuple(_findings(first, since_first=True)))
    if first and last and last.since != first.since:
        yield ChangeWords(_sentence("the one before", last), tuple(_findings(last, since_first=False)))


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


def missing_words(response: QuestionnaireResponse) -> str:
    """What missing answers do to the total, or an empty string if none is missing."""
    if not response.missing:
        return ""
    left_out = f"{response.missing} item{'s' * (response.missing != 1)} left out"
    if response.total is None:
        return f"{left_out}: with more than {MOST_MISSING} missing there is no total."
    return f"{left_out}: for each stands the mean of the others."
