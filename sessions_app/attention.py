"""Why somebody should look at a patient: rules over what is known of them. Plain, and the same for whoever asks.

None of them says how a patient is. Each says that something is there which a counselor would want to know:

- Self-harm: the newest answer to item 9 of PHQ-9 is anything but "not at all", whatever any score or policy says.
- Worse: the newest total of PHQ-9 or GAD-7 lies the reliable change (`sessions_app.instruments`) or more above the one
  before it, or above the first. Since the one before alone, a slow decline is never seen; since the first alone, a
  relapse after a gain is not. Two comparisons are wrong by chance more often than one, and a relapse in small steps
  that ends below the first total is missed.
- Beyond the own baseline: the newest two sessions' depression lies beyond the same edge of it
  (`sessions_app.own_baseline`). Better or worse, it is a change. How often chance does so stands in
  `sessions_app.baseline`: for one score, which is why valence and arousal are not asked too.
- Disagreeing: the newest PHQ-9 total is reliably better than that of the weeks in which the own baseline of depression
  begins, while the newest two sessions lie above that baseline, or reliably worse while they lie below. Beginning and
  end of both are of the same weeks (`NEAR`), for a new checkpoint begins a baseline of its own. It says that one of the
  two misses something, and not which.
- Review waiting: a session of the last `REVIEW_WITHIN` has scores of which no counselor has said what they think.
- Analysis failed: that of a recording of the newest session that has one.
- Overdue: no session for as many weeks as the clinic has set. Nobody records that a treatment has ended, so after
  `OVERDUE_UNTIL` the patient is taken to have left, and the reason ends by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from inference.models import JobState
from sessions_app.baseline import IN_A_ROW, Side
from sessions_app.models import FlagKind, Instrument, QuestionnaireResponse, Recording, Session
from sessions_app.own_baseline import OwnBaseline, newest_of, of_head, own_baselines
from sessions_app.self_report import Change, Direction, SelfReport, self_reports
from sessions_app.trends import TrendPoint

REVIEW_WITHIN = timedelta(days=30)
OVERDUE_UNTIL = timedelta(weeks=26)
NEAR = timedelta(days=28)
"""So far apart may a questionnaire and a session be that are compared."""

WORSE = {Instrument.PHQ9: FlagKind.WORSE_PHQ9, Instrument.GAD7: FlagKind.WORSE_GAD7}
OPPOSITE = {Direction.BETTER: Side.ABOVE, Direction.WORSE: Side.BELOW}
"""Where the depression score lies that disagrees with a change of PHQ-9."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one patient at ``now``: answers and sessions, oldest first, and the sessions' ``points``.

    Points have scores only where consent covers their session. ``overdue_after``: the clinic's rule.
    """

    now: datetime
    responses: tuple[QuestionnaireResponse, ...]
    sessions: tuple[Session, ...]
    points: tuple[TrendPoint, ...]
    overdue_after: timedelta


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, since when it holds, and the session or questionnaire on which it rests.

    What it rests on stays the same for as long as there is nothing new to look at.
    """

    kind: FlagKind
    since: datetime
    session: Session | None = None
    response: QuestionnaireResponse | None = None


def reasons(known: Known) -> list[Reason]:
    """All reasons to look at the patient, the most urgent first."""
    reports = self_reports(known.responses)
    found = [*_answers(reports), *_voice(known, reports), *_sessions(known)]
    return sorted(found, key=lambda reason: reason.kind)


def turning_points(known: Known) -> list[datetime]:
    """When, after now, time alone will make or end a reason."""
    times = [session.held_at + REVIEW_WITHIN for session in known.sessions]
    if known.sessions:
        last = known.sessions[-1].held_at
        times += [last + known.overdue_after, last + OVERDUE_UNTIL]
    return sorted(time for time in times if time > known.now)


def _answers(reports: dict[str, SelfReport]) -> Iterator[Reason]:
    for instrument, report in reports.items():
        if report.safety is not None:
            yield Reason(FlagKind.SELF_HARM, _safety_since(report), response=report.safety)
        worse = _worse(report)
        if worse:
            yield Reason(WORSE[Instrument(instrument)], worse[0].answered_at, response=worse[-1])


def _safety_since(report: SelfReport) -> datetime:
    """When the first of the answers about self-harm was given between which no "not at all" lies."""
    since = None
    for response in report.responses:
        if response.safety_answer is not None:
            since = (since or response.answered_at) if response.safety_answer else None
    if since is None:
        raise ValueError("No such answer was given.")
    return since


def _worse(report: SelfReport) -> list[QuestionnaireResponse]:
    """The newest questionnaires that are all reliably worse than the one before them or than the first."""
    run: list[QuestionnaireResponse] = []
    complete = report.complete
    for place, now in enumerate(complete[1:], start=1):
        compared = (complete[place - 1], complete[0])
        changes = (Change(report.definition, since, now).direction for since in compared)
        run = [*run, now] if Direction.WORSE in changes else []
    return run


def _voice(known: Known, reports: dict[str, SelfReport]) -> Iterator[Reason]:
    own = newest_of(own_baselines(known.points, of_head("depression")))
    if own and own.side is not Side.WITHIN:
        began = own.departed[IN_A_ROW - 1]
        yield Reason(FlagKind.BEYOND_BASELINE, began.held_at, session=began)
        phq9 = reports.get(Instrument.PHQ9)
        if phq9 and (disagreement := _disagreement(phq9, own)):
            yield disagreement
    waiting = [session for session in known.sessions if session.held_at > known.now - REVIEW_WITHIN]
    waiting = [session for session in waiting if any(map(_awaits_review, _of(session, known.points)))]
    if waiting:
        yield Reason(FlagKind.REVIEW_WAITING, waiting[0].held_at, session=waiting[-1])


def _disagreement(phq9: SelfReport, own: OwnBaseline) -> Reason | None:
    change = _change_since(phq9, own.counted[0][0].held_at)
    if change is None or OPPOSITE.get(change.direction) is not own.side:
        return None
    answered, held = change.now.answered_at, own.departed[-1].held_at
    if abs(answered - held) > NEAR:
        return None
    began = own.departed[IN_A_ROW - 1]
    return Reason(FlagKind.DISAGREEING, max(began.held_at, answered), session=began)


def _change_since(report: SelfReport, began: datetime) -> Change | None:
    """From the total nearest to ``began`` to the newest; ``None`` where none is of the same weeks."""
    complete = report.complete
    since = min(complete, key=lambda one: abs(one.answered_at - began), default=None)
    if since is None or abs(since.answered_at - began) > NEAR:
        return None
    return Change(report.definition, since, complete[-1])


def _of(session: Session, points: Iterable[TrendPoint]) -> list[TrendPoint]:
    return [point for point in points if point.session == session]


def _awaits_review(point: TrendPoint) -> bool:
    """Whether there are scores of which nobody has said what they think."""
    return point.shown and point.review is None


def _sessions(known: Known) -> Iterator[Reason]:
    failed = [one for one in _newest_recordings(known.sessions) if one.job.state == JobState.FAILED]
    if failed:
        since = min(one.job.finished_at or one.uploaded_at for one in failed)
        yield Reason(FlagKind.ANALYSIS_FAILED, since, session=failed[0].session)
    if known.sessions:
        last = known.sessions[-1]
        since = last.held_at + known.overdue_after
        if since <= known.now < last.held_at + OVERDUE_UNTIL:
            yield Reason(FlagKind.OVERDUE, since, session=last)


def _newest_recordings(sessions: tuple[Session, ...]) -> list[Recording]:
    """All parts of the newest session that has any recording."""
    return next((one.fetched_recordings for one in reversed(sessions) if one.fetched_recordings), [])
