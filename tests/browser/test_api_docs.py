"""The API's description in a real browser, under the same content security policy as every page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1440, 390])
def test_the_description_is_drawn_with_a_silent_console(open_page: Callable[..., Page], width: int) -> None:
    page = open_page(width=width)
    page.goto("/api/v1/docs/")
    expect(page.locator(".opblock")).to_have_count(23)
    expect(page.get_by_text("Analyse one file now and keep nothing")).to_be_visible()


def test_somebody_who_is_signed_in_can_try_a_call_out(sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto("/api/v1/docs/")
    operation = page.locator("#operations-patients-patients_list")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    expect(operation.locator(".live-responses-table")).to_contain_text("given_name")
