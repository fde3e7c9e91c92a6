"""Which pictures `make screenshots` takes."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from pathlib import Path

import pytest

from tests.browser.every_page import STEP_BY_STEP, page_routes
from tests.browser.painting import Painted
from tests.browser.screenshots import ALSO_AS, STEPS, SUBJECTS, VISITORS, picture_name, shows, summary


def test_each_page_is_taken_once_and_those_that_look_different_to_others_once_more() -> None:
    names = [route.name for route in page_routes() if route.name not in STEP_BY_STEP]
    taken = Counter((name, who) for name in names for who in VISITORS if shows(name, who))
    assert set(taken.values()) == {1}
    assert Counter(name for name, _ in taken) == Counter(names) + Counter(name for name, _ in ALSO_AS)


def test_no_two_pictures_have_one_name() -> None:
    names = [route.name for route in page_routes() if route.name not in STEP_BY_STEP]
    pictures = [picture_name(name, who) for name in names for who in VISITORS if shows(name, who)]
    assert len(set(pictures)) == len(pictures) > 40


def test_what_is_named_in_the_tables_is_a_page() -> None:
    names = {route.name for route in page_routes()}
    assert {*STEPS, *SUBJECTS, *(name for name, _ in ALSO_AS)} <= names


@pytest.mark.parametrize(
    ("first", "shift", "status"), [(400.0, 0.0, 0), (1400.0, 0.0, 1), (400.0, 0.2, 1), (None, 0.0, 1)]
)
def test_a_page_that_appears_late_or_jumps_makes_it_fail(
    first: float | None, shift: float, status: int, tmp_path: Path
) -> None:
    found = [Painted(300.0, 0.0, ()), Painted(first, shift, ())]
    assert summary(found, Namespace(into=tmp_path, kind="webp")) == status
