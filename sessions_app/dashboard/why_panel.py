"""Why a score: what went with it, in words that claim no cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from inference import results
from inference.results import HeadName, Score
from sessions_app.baseline import Side, of_score
from sessions_app.dashboard.measure_rows import MeasureRow
from sessions_app.dashboard.wording import BEYOND, HEAD_WORDS
from sessions_app.engine_words.measures import measure_label
from sessions_app.own_baseline import of_head, own_baseline_of
from sessions_app.trends import TrendPoint
from sessions_app.why import FarWindow, furthest_windows

NO_BASELINE = gettext_lazy("There are not enough earlier sessions yet to say whether it is unusual for this patient.")
OF_SCORE = {
    Side.ABOVE: gettext_lazy("It lies above this patient’s own baseline."),
    Side.BELOW: gettext_lazy("It lies below this patient’s own baseline."),
    Side.WITHIN: gettext_lazy("It lies within this patient’s own baseline."),
}
WENT_WITH = gettext_lazy("Beyond this patient’s own baseline in this session:")
NOTHING_MOVED = gettext_lazy("No acoustic measure lay beyond this patient’s own baseline in this session.")
TOO_WIDE = gettext_lazy(
    "The first sessions differ so much that none can lie beyond them: this patient’s own baseline cannot show a change."
)
SET_ASIDE = gettext_lazy("It is not compared with this patient’s own baseline, because it was set aside.")
ASSUMED_VOICE = gettext_lazy(
    "It is not compared with this patient’s own baseline, because nobody has confirmed whose voice it is."
)
POOR = gettext_lazy("It is not compared with this patient’s own baseline, because the recording is poor.")
BY_CHANCE = gettext_lazy(
    "By chance alone, each measure lies beyond it in one of ten sessions: about %(expected)s of the %(compared)s "
    "compared here."
)
"""Of 90 % prediction intervals; see `sessions_app.baseline`."""
MEAN = gettext_lazy("Each score is the mean of its windows; those with more speech count more.")
NO_CAUSE = gettext_lazy(
    "Each score is the mean of its windows; those with more speech count more. The measures went with it and did not "
    "make it: the model hears the sound, not the measures."
)


@dataclass(frozen=True, slots=True)
class WhyPanel:
    """One score: its windows that lie furthest from it, where it lies, and what went with it, as people read it.

    ``chance``: how many measures lie beyond by chance alone.
    """

    head: HeadName
    label: str
    score: Score
    windows: tuple[FarWindow, ...]
    place: str
    moved: tuple[str, ...]
    moved_words: str
    chance: str

    @property
    def closing(self) -> str:
        """What must be said last."""
        return str(NO_CAUSE if self.moved_words else MEAN)


def why_panels(
    point: TrendPoint,
    windows: results.Timeline,
    earlier: Sequence[TrendPoint],
    measures: Sequence[MeasureRow],
) -> list[WhyPanel]:
    """A panel for each score of ``point`` that is shown."""
    moved = tuple(f"{measure_label(row.definition)} ({BEYOND[row.side]})" for row in measures if row.side in BEYOND)
    compared = sum(row.side is not None for row in measures)
    moved_words = "" if not compared else str(WENT_WITH if moved else NOTHING_MOVED)
    chance = BY_CHANCE % {"expected": f"{compared / 10:.1f}", "compared": compared} if compared else ""
    panels = []
    for words in HEAD_WORDS:
        score = point.score(words.head)
        if score.value is not None:
            place = _place(point, earlier, words.head)
            found = furthest_windows(windows, words.head, score)
            panels.append(WhyPanel(words.head, str(words.label), score, found, place, moved, moved_words, chance))
    return panels


def _place(point: TrendPoint, earlier: Sequence[TrendPoint], head: HeadName) -> str:
    """Where a score lies; of what counts for nothing it is not said."""
    if not point.counts:
        return str(SET_ASIDE if point.set_aside else ASSUMED_VOICE if point.assumed else POOR)
    own = own_baseline_of(earlier, of_head(head), point.origin_key)
    value = of_score(point.score(head))
    if own and own.holds_everything:
        return str(TOO_WIDE)
    side = own.side_of(value.value) if own and value else None
    return str(NO_BASELINE if side is None else OF_SCORE[side])
