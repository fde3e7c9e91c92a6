"""A patient's questionnaires in words: the newest, what changed and by which rule, and each item over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import ngettext

from sessions_app.findings import ChangeWords, changes_of
from sessions_app.instruments import CHOICES, MOST_MISSING, Definition
from sessions_app.models import QuestionnaireResponse
from sessions_app.self_report import SelfReport, self_reports

COLUMNS = 8
"""As many questionnaires stand side by side in the table of items."""


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
    return SafetyAnswer(found, str(CHOICES[found.safety_answer]).lower(), found.definition.safety_item)


def _panel(kind: str, report: SelfReport) -> Panel:
    columns = report.responses[-COLUMNS:]
    return Panel(
        kind=kind,
        definition=report.definition,
        newest=report.responses[-1],
        changes=tuple(changes_of(report)),
        columns=columns,
        rows=tuple(_rows(report.definition, columns)),
    )


def _rows(definition: Definition, columns: Iterable[QuestionnaireResponse]) -> Iterable[ItemRow]:
    for place, (words, answers) in enumerate(
        zip(definition.items, zip(*(one.items for one in columns), strict=True), strict=True), 1
    ):
        yield ItemRow(place, str(words), answers, is_safety=place == definition.safety_item)


def missing_words(response: QuestionnaireResponse) -> str:
    """What missing answers do to the total, or an empty string if none is missing."""
    if not response.missing:
        return ""
    if response.total is None:
        words = ngettext(
            "%(missing)s item left out: with more than %(most)s missing there is no total.",
            "%(missing)s items left out: with more than %(most)s missing there is no total.",
            response.missing,
        )
    else:
        words = ngettext(
            "%(missing)s item left out: for each stands the mean of the others.",
            "%(missing)s items left out: for each stands the mean of the others.",
            response.missing,
        )
    return words % {"missing": response.missing, "most": MOST_MISSING}
