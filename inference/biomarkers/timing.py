"""When and how fast somebody speaks: rates, pauses, answers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from inference.answers import latency
from inference.biomarkers import rate
from inference.biomarkers.contours import Contours
from inference.results import Span, Turn
from inference.speech import pauses, total

PAUSE_CODES = ("pause_ratio", "pause_mean", "pause_sd", "pauses_per_minute")
RATE_CODES = ("speech_rate", "articulation_rate")


def measures(
    seen: Contours, turns: Sequence[Turn], speech: Sequence[Span], others: Sequence[Span]
) -> dict[str, float | None]:
    """Rates, pauses and answers; ``turns`` are everybody's, ``speech`` the patient's, ``others`` everybody else's."""
    own = [turn for turn in turns if turn.speaker == "patient"]
    return {
        **_rates_and_pauses(seen, own, speech),
        "response_latency": _latency(turns),
        "talk_ratio": total(speech) / (total(speech) + total(others)) if others and speech else None,
    }


def _rates_and_pauses(seen: Contours, own: Sequence[Turn], speech: Sequence[Span]) -> dict[str, float | None]:
    seconds = sum(turn.duration for turn in own)
    if not seconds:
        return dict.fromkeys((*RATE_CODES, *PAUSE_CODES))
    silences = [pause.duration for pause in pauses(own, speech)]
    syllables, silent = rate.count_nuclei(seen.vowel_level, seen.voiced), sum(silences)
    return {
        "speech_rate": syllables / seconds,
        "articulation_rate": syllables / (seconds - silent) if seconds > silent else None,
        "pause_ratio": silent / seconds,
        "pause_mean": silent / len(silences) if silences else None,
        "pause_sd": float(np.std(silences)) if len(silences) > 1 else None,
        "pauses_per_minute": 60 * len(silences) / seconds,
    }


def _latency(turns: Sequence[Turn]) -> float | None:
    """Median silence before the patient's answers: turns that follow another person's without overlapping it."""
    answers = [waited for pair in pairwise(turns) if (waited := latency(*pair)) is not None]
    return float(np.median(answers)) if answers else None
