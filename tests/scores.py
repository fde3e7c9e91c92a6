"""Scores whose numbers occur nowhere else, so that a test can look for each of them in what somebody is shown."""

from __future__ import annotations

import re

from inference.models import Analysis, Timeline
from inference.results import HEADS
from sessions_app.models import Recording, Session
from tests.world import analysed

NUMBERS = {
    "depression": (0.7231, 0.6412, 0.8134),
    "valence": (0.4621, 0.3713, 0.5524),
    "arousal": (0.2913, 0.2212, 0.3624),
}
"""Value and interval of each head. The third decimals are small, so that none changes the second when rounded."""
WINDOWS = {"depression": 0.7742, "valence": 0.4243, "arousal": 0.2641}


def marked(session: Session) -> Recording:
    """A recording of ``session`` with these scores."""
    recording = analysed(session)
    for head in HEADS:
        value, low, high = NUMBERS[head]
        fields = {head: value, f"{head}_low": low, f"{head}_high": high, f"{head}_state": "elevated"}
        Analysis.objects.filter(id=recording.analysis_id).update(**fields)
        Timeline.objects.filter(analysis=recording.analysis_id).update(**{head: [WINDOWS[head]] * 2})
    recording.refresh_from_db()
    return recording


def traces(shown: object) -> list[str]:
    """Those of the numbers that stand in ``shown``, with two decimals or more."""
    numbers = [number for triple in NUMBERS.values() for number in triple] + list(WINDOWS.values())
    # Not within a longer number: 40.26 may be the seconds of a time.
    words = [f"{number:.2f}" for number in numbers]
    return [word for word in words if re.search(rf"(?<!\d){re.escape(word)}", str(shown))]
