"""What a patient's questionnaires of one kind say together: the change since the first, by rules that are named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sessions_app.instruments import Definition
from sessions_app.models import QuestionnaireResponse


class Direction(StrEnum):
    """Where a total has moved by at least the reliable change; ``NONE``: by less, which may be chance."""

    BETTER = "better"
    WORSE = "worse"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Change:
    """From the total of ``since`` to that of ``now``, two complete questionnaires of one kind."""

    definition: Definition
    since: QuestionnaireResponse
    now: QuestionnaireResponse

    @property
    def points(self) -> int:
        """By how much the total rose; below 0: fell."""
        return _total(self.now) - _total(self.since)

    @property
    def direction(self) -> Direction:
        """Reliable change (Jacobson & Truax 1991), with the limits of the NHS Talking Therapies manual."""
        if abs(self.points) < self.definition.reliable:
            return Direction.NONE
        return Direction.WORSE if self.points > 0 else Direction.BETTER

    @property
    def response(self) -> bool:
        """Whether a total that began in the range of a likely problem has halved (McMillan et al. 2010)."""
        began = _total(self.since)
        return began >= self.definition.case and 2 * _total(self.now) <= began

    @property
    def remission(self) -> bool:
        """Whether a total that began in the range of a likely problem is below that of remission (Kroenke 2001)."""
        limit = self.definition.remission
        return limit is not None and _total(self.since) >= self.definition.case and _total(self.now) < limit


@dataclass(frozen=True, slots=True)
class SelfReport:
    """All questionnaires of one kind, oldest first."""

    definition: Definition
    responses: tuple[QuestionnaireResponse, ...]

    @property
    def complete(self) -> list[QuestionnaireResponse]:
        """Those that have a total."""
        return [response for response in self.responses if response.total is not None]

    @property
    def since_first(self) -> Change | None:
        """From the first total to the newest, if there are two."""
        complete = self.complete
        return Change(self.definition, complete[0], complete[-1]) if len(complete) > 1 else None

    @property
    def since_last(self) -> Change | None:
        """From the total before the newest to the newest, if there are two."""
        complete = self.complete
        return Change(self.definition, complete[-2], complete[-1]) if len(complete) > 1 else None

    @property
    def safety(self) -> QuestionnaireResponse | None:
        """The newest that answers the item about self-harm, if that answer is anything but "not at all"."""
        answered = (one for one in reversed(self.responses) if one.safety_answer is not None)
        newest = next(answered, None)
        return newest if newest is not None and newest.safety_answer else None


def self_reports(responses: Iterable[QuestionnaireResponse]) -> dict[str, SelfReport]:
    """By instrument, of ``responses`` of one patient in the order of their time; only of kinds that there are."""
    kinds: dict[str, list[QuestionnaireResponse]] = {}
    for response in responses:
        kinds.setdefault(response.instrument, []).append(response)
    return {kind: _report(found) for kind, found in sorted(kinds.items(), reverse=True)}


def _report(responses: Sequence[QuestionnaireResponse]) -> SelfReport:
    return SelfReport(responses[0].definition, tuple(responses))


def _total(response: QuestionnaireResponse) -> int:
    total = response.total
    if total is None:
        raise ValueError("A questionnaire without a total shows no change.")
    return total
