"""Rows as CSV that no spreadsheet calculates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With these a spreadsheet takes a cell for a formula (OWASP, "CSV Injection")."""


def csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    """``rows`` as lines of CSV."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_inert(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _inert(cell: object) -> str:
    """``cell`` as text. A number is no formula, also a negative one."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) and not isinstance(cell, int | float) else text
