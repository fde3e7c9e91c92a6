"""How a score is written for people, the same on pages and at a terminal: its number, and why it is indeterminate."""

from __future__ import annotations

import math

from inference.results import Quality, QualityCheck, Score

POOR = {
    "level": "the voice is very quiet",
    "clipping": "the sound is overdriven",
    "snr": "much noise",
    "speech_seconds": "only {seconds} s of speech",
    "bandwidth": "the voice is muffled",
    "dropouts": "sound is missing",
    "reverberation_time": "the room rings",
}
"""What is poor where the quality check of that code fails, in a few words."""

BETWEEN = "not clear of the thresholds"
"""The interval lies between the thresholds, or reaches across one."""


def number(value: float) -> str:
    """A score to two decimals; what is nearly 0 or 1 is never written as if it were certain."""
    if 0.0 < value < 0.01:
        return "<0.01"
    return ">0.99" if 0.99 < value < 1.0 else f"{value:.2f}"


def interval(score: Score, between: str) -> str:
    """The interval, for instance "0.62–0.79", or "<0.01" where both ends are written alike; nothing without a score."""
    if score.low is None or score.high is None:
        return ""
    low, high = number(score.low), number(score.high)
    return low if low == high else f"{low}{between}{high}"


def why_indeterminate(score: Score, quality: Quality) -> str:
    """Why ``score`` is indeterminate, in a few words; nothing where it is not."""
    if score.state != "indeterminate":
        return ""
    return why_poor(quality) or BETWEEN


def why_poor(quality: Quality) -> str:
    """What is poor about a recording, in a few words; nothing where all is well."""
    return ", ".join(_poor(check) for check in quality.checks if not check.ok)


def _poor(check: QualityCheck) -> str:
    """An analysis of another version may have a check that is not known here; then its own sentence is used."""
    # Rounded down: 29.7 s are too little, and "only 30 s" would not say why.
    return POOR.get(check.code, check.message).replace("{seconds}", str(math.floor(check.value or 0.0)))
