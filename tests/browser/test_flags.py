"""The list of patients and the inbox by keys and clicks, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignIn

pytestmark = pytest.mark.browser


def focused(page: Page) -> str:
    text = page.locator(":focus").text_content()
    return (text or "").strip()


def row_of(page: Page, name: str) -> Locator:
    return page.locator("table.inbox tbody tr").filter(has_text=name)


def test_the_list_is_gone_through_by_keys(sign_in: SignIn) -> None:
    page = sign_in("counselor")
    names = page.locator("[data-row-link]").all_text_contents()
    page.keyboard.press("j")
    expect(page.locator(":focus")).to_have_text(names[0])
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_text(names[2])
    page.keyboard.press("k")
    page.keyboard.press("ArrowUp")
    expect(page.locator(":focus")).to_have_text(names[0])
    page.keyboard.press("k")
    expect(page.locator(":focus")).to_have_text(names[0])
    page.keyboard.press("/")
    expect(page.locator("#search-text")).to_be_focused()
    page.keyboard.type("j/k?")
    expect(page.locator("#search-text")).to_have_value("j/k?")
    expect(page.locator("#caseload")).to_contain_text("Nobody found")


def test_enter_opens_the_patient(sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.keyboard.press("j")
    name = focused(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/patients/*/")
    expect(page.locator("h1")).to_contain_text(name)


def test_the_keys_are_told_and_can_be_switched_off(sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.keyboard.press("?")
    expect(page.get_by_text("find a patient")).to_be_visible()
    page.get_by_label("Use single letters as keys").uncheck()
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(page.locator("[data-row-link]:focus")).to_have_count(0)
    page.reload()
    page.keyboard.press("j")
    expect(page.locator("[data-row-link]:focus")).to_have_count(0)


def test_a_view_is_chosen_and_kept(sign_in: SignIn) -> None:
    page = sign_in("busy counselor")
    page.get_by_label("Order").select_option("Name")
    expect(page.locator("[data-row-link]").first).to_contain_text("Birch")
    page.get_by_role("button", name="Keep this view").click()
    expect(page.get_by_text("The list will be shown like this each time.")).to_be_visible()
    page.goto("/")
    expect(page.get_by_label("Order")).to_have_value("name")
    page.get_by_label("Without consent").check()
    expect(page.locator("[data-row-link]").first).to_contain_text("Yew")


def test_flags_are_seen_put_off_and_taken_back(sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.get_by_role("link", name="Flags").click()
    first, second = row_of(page, "Ida Item"), row_of(page, "Lars Late")
    expect(page.locator("table.inbox tbody tr").first).to_contain_text("PHQ-9 item 9")
    expect(first.get_by_role("button", name="Put off until")).to_have_count(0)
    first.get_by_role("button", name="Seen").click()
    expect(first).to_contain_text("It stays on top")
    expect(first).to_contain_text("Seen by Alice")
    expect(first.get_by_role("link", name="Ida Item")).to_be_focused()
    second.get_by_role("button", name="Put off until").click()
    expect(second).to_contain_text("Put off until")
    expect(second).to_contain_text("by Alice")
    page.get_by_role("link", name="Seen or put off").click()
    away = row_of(page, "Lars Late")
    expect(page.locator("table.inbox tbody tr")).to_have_count(1)
    away.get_by_role("button", name="Undo").click()
    expect(away).to_contain_text("Open again.")
    page.get_by_role("link", name="Open", exact=True).click()
    expect(row_of(page, "Lars Late")).not_to_contain_text("by Alice")


def test_without_javascript_a_flag_is_answered_by_its_form(sign_in: SignIn) -> None:
    page = sign_in("counselor", java_script_enabled=False)
    page.get_by_role("link", name="Flags").click()
    row_of(page, "Lars Late").get_by_role("button", name="Seen").click()
    expect(page.get_by_text("Marked as seen.")).to_be_visible()
    page.get_by_role("link", name="Seen or put off").click()
    row_of(page, "Lars Late").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Open again.")).to_be_visible()
