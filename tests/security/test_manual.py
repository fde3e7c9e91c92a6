"""docs/security.md: each line of its last table names tests that exist, or says that it is not met."""

from __future__ import annotations

import re

from config.embedded import REPOSITORY

MANUAL = (REPOSITORY / "docs/security.md").read_text().split("## Which test shows what")[1]
NAMED = re.compile(r"`(tests/[\w/]+\.py)((?:::\w+)*)`")


def rows() -> list[list[str]]:
    """The cells of each line that is neither a heading nor a rule."""
    lines = [line for line in MANUAL.splitlines() if line.startswith("| ") and "Shown by" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_test_that_the_manual_names_exists() -> None:
    named = NAMED.findall(MANUAL)
    assert len(named) > 10
    for file, names in named:
        text = (REPOSITORY / file).read_text()
        for name in names.split("::")[1:]:
            assert re.search(rf"^ *(def|class) {name}\b", text, re.MULTILINE), f"{file}::{name}"


def test_every_line_names_a_test_or_says_that_it_is_not_met() -> None:
    found = rows()
    assert len(found) > 10
    for item, _, shown in found:
        assert NAMED.search(shown) or "not met" in shown, item


def test_every_safeguard_of_the_rule_has_its_line() -> None:
    items = {item for item, *_ in rows()}
    assert {"(a)(1)", "(a)(2)(i)", "(a)(2)(ii)", "(a)(2)(iii)", "(a)(2)(iv)", "(b)", "(c)(1)", "(c)(2)", "(d)"} <= items
    assert {"(e)(1)", "(e)(2)(i)", "(e)(2)(ii)"} <= items
