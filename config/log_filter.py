"""What may stand in a line of the log: known keys only, and of an exception where it happened but not what it says.

The message of an exception may quote the row that a database refused, or a form that somebody filled in. Every line
goes through here, those of libraries too; whatever else somebody logs by mistake is left out and named.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any, TypeAlias

ExcInfo: TypeAlias = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]

KNOWN = frozenset(
    {
        *("event", "level", "logger", "timestamp", "error", "where", "left_out"),
        *("request", "request_id", "user_id", "ip", "user_agent", "code"),
        *("job_id", "outcome", "seconds", "again_in", "checkpoint", "database", "redis"),
    }
)
"""Add a key here only if no value of it can say anything of a patient: ids, codes and numbers, no free text."""

MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "[e-mail address]"),
    # Of an address only the path: a search is a patient's name.
    (re.compile(r"(/[^\s?\"]*)\?[^\s\"]+"), r"\1?[query]"),
)


def safe(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor: ``event`` with nothing in it that may say something of a patient."""
    raised = list(_raised(event.pop("exc_info", None)))
    kept = {key: value for key, value in event.items() if key in KNOWN}
    if raised:
        kept |= {"error": type(raised[0]).__name__, "where": _where(raised)}
    if left_out := sorted(set(event) - KNOWN - {"_record", "_from_structlog"}):
        kept["left_out"] = left_out
    kept["event"] = _masked(str(event.get("event", "")), raised)
    return kept


def _raised(info: Any) -> Iterator[BaseException]:
    """The exception that was logged, then what caused it, and so on."""
    given: ExcInfo = info if isinstance(info, tuple) else sys.exc_info() if info is True else (None, None, None)
    error = info if isinstance(info, BaseException) else given[1]
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _where(raised: list[BaseException]) -> list[str]:
    """Type and places of each, without messages and without values."""
    lines = []
    for error in raised:
        lines.append(type(error).__name__)
        frames = traceback.extract_tb(error.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return lines


def _masked(words: str, raised: list[BaseException]) -> str:
    for error in raised:
        for said in filter(None, (repr(error), str(error))):
            words = words.replace(said, type(error).__name__)
    for pattern, mask in MASKS:
        words = pattern.sub(mask, words)
    return words
