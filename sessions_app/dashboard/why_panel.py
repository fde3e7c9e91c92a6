"""Why a score: what went with it, in words that claim no cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

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

NO_BASELINE = gettext_lazy("There are not enough earlier sessions yet to say whether it is unusual for this patient.")
OF_SCORE = {
    Side.ABOVE: gettext_lazy("It lies above this patient’s own baseline."),
    Side.BELOW: gettext_lazy("It lies below this patient’s own baseline."),
    Side.WITHIN: gettext_lazy("It lies within this patient’s own baseline."),
}
WENT_WITH = gettext_lazy("Beyond this patient’s own baseline in this session:")
NOTHING_MOVED = gettext_lazy("No acoustic measure lay beyond this patient’s own baseline in this session.")
MEAN = gettext_lazy("Each score is the mean of its windows.")
NO_CAUSE = gettext_lazy(
    "Each score is the mean of its windows. The measures went with it and did not make it: the model hears the sound, "
    "not the measures."
)


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
        return str(NO_CAUSE if self.moved_words else MEAN)


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
    moved_words = "" if not has_bands else str(WENT_WITH if moved else NOTHING_MOVED)
    panels = []
    for words in HEAD_WORDS:
        score = point.score(words.head)
        if score.value is not None:
            side = side_of_score(point, own_score(earlier, words.head, analysis.origin_key), words.head)
            place = str(NO_BASELINE if side is None else OF_SCORE[side])
            found = weighing_windows(windows, words.head, score)
            panels.append(WhyPanel(words.head, str(words.label), score, found, place, moved, moved_words))
    return panels
