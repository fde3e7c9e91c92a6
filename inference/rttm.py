"""Reads who speaks when from an RTTM file (NIST Rich Transcription, RT-09 evaluation plan, appendix A).

A line has ten fields; those that count here are the first (``SPEAKER``), the fourth and fifth (onset and duration in
seconds) and the eighth (the speaker's name).
"""

from __future__ import annotations

import math
from pathlib import Path

from inference.errors import BadOptions
from inference.results import Span
from inference.speech import merge

MAX_BYTES = 8 * 2**20


def read(path: Path) -> dict[str, tuple[Span, ...]]:
    """Speaker name -> spans in order. Raises ``BadOptions`` that names the line which cannot be understood."""
    spans: dict[str, list[Span]] = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        fields = line.split()
        if fields and fields[0] == "SPEAKER":
            speaker, span = _speaker(fields, number)
            spans.setdefault(speaker, []).append(span)
    return {speaker: merge(found) for speaker, found in spans.items()}


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadOptions("The RTTM file is larger than 8 MiB, which no session needs.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadOptions("The RTTM file is not text in UTF-8.") from error
    except (OSError, ValueError) as error:
        raise BadOptions("The RTTM file cannot be opened. Please check its path.") from error


def _speaker(fields: list[str], number: int) -> tuple[str, Span]:
    if len(fields) < 9:
        raise BadOptions(f"Line {number} of the RTTM file has {len(fields)} fields where at least 9 are needed.")
    try:
        onset, duration = float(fields[3]), float(fields[4])
    except ValueError as error:
        raise BadOptions(f"Line {number} of the RTTM file has an onset or duration that is not a number.") from error
    if not (math.isfinite(onset) and math.isfinite(duration) and onset >= 0 and duration > 0):
        raise BadOptions(f"Line {number} of the RTTM file needs an onset of 0 or more and a duration above 0.")
    return fields[7], Span(onset, onset + duration)
