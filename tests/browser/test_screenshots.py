"""Which pictures `make screenshots` takes."""

from __future__ import annotations

from collections import Counter

from tests.browser.every_page import STEP_BY_STEP, page_routes
from tests.browser.screenshots import ALSO_AS, STEPS, SUBJECTS, VISITORS, picture_name, shows


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
