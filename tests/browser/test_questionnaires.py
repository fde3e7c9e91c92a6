"""A questionnaire in a real browser: entered by keyboard alone, corrected, removed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_a_phq9_is_entered_by_keyboard_corrected_and_removed(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['fresh']}/")
    page.get_by_role("link", name="Enter a PHQ-9").click()
    page.get_by_label("Not at all").first.focus()
    for answer in (0, 1, 2, 3, 0, 0, 0, 0, 1):
        page.keyboard.press("Space")
        for _ in range(answer):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The PHQ-9 was kept.")).to_be_visible()
    expect(page.locator(".newest")).to_contain_text("7 of 27, mild")

    page.goto(f"/patients/{stack.world['fresh']}/")
    expect(page.get_by_role("status").filter(has_text="item 9: “several days”")).to_be_visible()
    page.get_by_role("link", name="All answers").first.click()
    page.locator(".item-date a").last.click()
    page.get_by_role("group", name="9. Thoughts").get_by_label("Left out").check()
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".newest")).to_contain_text("1 item left out")

    page.locator(".item-date a").last.click()
    page.get_by_role("link", name="Remove this PHQ-9").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No questionnaire yet")).to_be_visible()


def test_a_forgotten_item_is_marked_and_the_others_stay(stack: Stack, sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['fresh']}/questionnaires/gad7/")
    # A browser that checks by itself would not send it.
    page.evaluate("document.querySelector('main form').noValidate = true")
    for item in (1, 2, 3, 4, 6, 7):
        page.locator(f"input[name=item_{item}][value='2']").check()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("group", name="5. Being so restless")).to_contain_text("Please choose one of the answers")
    expect(page.locator("input:checked")).to_have_count(6)
    complaints[:] = [one for one in complaints if "status of 422" not in one]
