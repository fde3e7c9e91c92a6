"""docs/asvs.md has one line for each requirement, and whatever a line points to is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from config.embedded import REPOSITORY

MAP = REPOSITORY / "docs/asvs.md"
ANSWERS = ("test", "document", "not applicable", "not met")
TEST = re.compile(r"`(tests/[\w/]+\.py)((?:::\w+)*)`")
LINK = re.compile(r"\]\((?!https?:)([\w./-]+\.md)(?:#([\w-]+))?\)")
WORDS = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Row(NamedTuple):
    """One line of the map."""

    requirement: str
    short: str
    level: str
    answer: str
    where: str


def rows() -> list[Row]:
    lines = [line for line in MAP.read_text().splitlines() if re.match(r"\| \d", line)]
    return [Row(*(cell.strip() for cell in line.strip().strip("|").split(" | "))) for line in lines]


def listed() -> dict[str, str]:
    """Each requirement of levels 1 and 2 of the standard, and its level."""
    text = Path(__file__).with_name("asvs_5_0_0.txt").read_text()
    return dict(line.split() for line in text.splitlines())


def anchor(heading: str) -> str:
    """As a page of the repository makes one of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def is_there(file: str, names: str) -> bool:
    text = (REPOSITORY / file).read_text()
    return all(re.search(rf"^ *(def|class) {name}\b", text, re.MULTILINE) for name in names.split("::")[1:])


def test_the_list_holds_all_253_requirements_of_which_70_are_of_level_1() -> None:
    levels = Counter(listed().values())
    assert levels == {"1": 70, "2": 183}


def test_each_requirement_has_one_line_in_its_order_and_chapter() -> None:
    assert [row.requirement for row in rows()] == list(listed())
    assert {row.requirement: row.level for row in rows()} == listed()
    for chapter in re.split(r"^## V", MAP.read_text(), flags=re.MULTILINE)[1:]:
        number = chapter.split(" ", 1)[0]
        found = re.findall(r"^\| (\d+)\.", chapter, re.MULTILINE)
        assert found
        assert set(found) == {number}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.requirement)
def test_each_line_gives_one_of_the_four_answers_and_what_belongs_to_it(row: Row) -> None:
    assert row.short
    assert row.answer in ANSWERS
    named, linked = TEST.findall(row.where), LINK.findall(row.where)
    if row.answer == "test":
        assert named
        assert all(names for _, names in named), "a file alone is no test"
    elif row.answer == "document":
        assert linked
    else:
        without = TEST.sub("", row.where)
        assert len(without.split()) >= 4, "why?"


def test_every_test_that_is_named_exists() -> None:
    named = {found for row in rows() for found in TEST.findall(row.where)}
    assert len(named) > 150
    assert not [f"{file}{names}" for file, names in sorted(named) if not is_there(file, names)]


def test_every_section_that_is_linked_exists() -> None:
    missing = []
    for row in rows():
        for file, section in LINK.findall(row.where):
            headings = {anchor(words) for words in WORDS.findall((MAP.parent / file).read_text())}
            if section and section not in headings:
                missing.append((row.requirement, file, section))
    assert not missing


def test_how_many_there_are_of_each(record_property: Callable[[str, object], None]) -> None:
    counted = Counter(row.answer for row in rows())
    for answer in ANSWERS:
        record_property(f"ASVS {answer}", counted[answer])
    assert counted.total() == len(listed())


def test_the_manual_leads_to_the_map() -> None:
    assert "(asvs.md)" in (REPOSITORY / "docs/security.md").read_text()
