"""docs/engine.md says of each acoustic measure what the one table of definitions says."""

from __future__ import annotations

import re
from pathlib import Path

from inference.biomarkers.definitions import DEFINITIONS

HANDBOOK = Path(__file__).resolve().parents[2] / "docs" / "engine.md"


def test_the_handbooks_table_of_measures_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| ([ABC]) \| (lower|higher|–) \|$", HANDBOOK.read_text(), re.MULTILINE)
    assert rows == [
        (row.code, row.label if row.unit == "1" else f"{row.label}, {row.unit}", row.tier, row.expected or "–")
        for row in DEFINITIONS
    ]
