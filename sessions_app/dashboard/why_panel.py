"""Why a score: what went with it, in words that claim no cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference import results
from inference.models import Analysis
from inference.results import HeadName, Score
from sessions_app.baseline import Side
from sessions_app.dashboard.measure_rows import MeasureRow
from sessions_app.dashboard.wording import BEYOND, HEAD_WORDS
from sessions_app.engine_words.measures import measure_label
from sessions_app.own_measures import own_score, side_of_score
from sessions_app.trends import TrendPoint
from sessions_app.why import WeighingWindow, weighing_windows

NO_BASELINE = "There are not enough earlier sessions yet to say whether it is unusual for this patient."
OF_SCORE = {
    Side.ABOVE: "It lies above this patient’s own baseline.",
    Side.BELOW: "It lies below this patient’s own baseline.",
    Side.WITHIN: "It lies within this patient’s own baseline.",
}
WENT_WITH = "Beyond this patient’s own baseline in this session:"
NOTHING_MOVED = "No acoustic measure lay beyond this patient’s own baseline in this session."
MEAN = "Each score is the mean of its windows."
NO_CAUSE = f"{MEAN} The measures went with it and did not make it: the model hears the sound, not the measures."


@dataclass(frozen=True, slots=True)
class WhyPanel:
    """One score: its windows that weigh most, where it lies, and what went with it, each as people read it."""

    head: HeadName
    label: str
    score: Score
    windows: tuple[WeighingWindow, ...]
    place: str
    moved: tuple[str, ...]
    moved_words: str

    @property
    def closing(self) -> str:
        """What must be said last."""
        return NO_CAUSE if self.moved_words else MEAN


def why_panels(
    point: TrendPoint,
    windows: results.Timeline,
    earlier: Sequence[TrendPoint],
    measures: Sequence[MeasureRow],
    analysis: Analysis,
) -> list[WhyPanel]:
    """A panel for each score of ``point`` that is shown."""
    moved = tuple(f"{measure_label(row.definition)} ({BEYOND[row.side]})" for row in measures if row.side in BEYOND)
    has_bands = any(row.side is not None for row in measures)
    moved_words = "" if not has_bands else WENT_WITH if moved else NOTHING_MOVED
    panels = []
    for words in HEAD_WORDS:
        score = point.score(words.head)
        if score.value is not None:
            side = side_of_score(point, own_score(earlier, words.head, analysis.origin_key), words.head)
            place = NO_BASELINE if side is None else OF_SCORE[side]
            found = weighing_windows(windows, words.head, score)
            panels.append(WhyPanel(words.head, words.label, score, found, place, moved, moved_words))
    return panels
