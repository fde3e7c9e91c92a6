"""When a turn is an answer to the one before, and how long it was waited for."""

from __future__ import annotations

from inference.results import Turn

LONGEST_ANSWER = 10.0
"""Seconds: after a longer silence a turn is no answer to the one before."""


def latency(before: Turn, after: Turn) -> float | None:
    """Seconds of silence before the patient's answer, or ``None`` where ``after`` answers nobody or overlaps."""
    if after.speaker != "patient" or before.speaker == "patient":
        return None
    silence = after.start - before.end
    return silence if 0 <= silence <= LONGEST_ANSWER else None
