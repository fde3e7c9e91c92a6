"""What a window goes on showing after its session has ended elsewhere, or with nobody there to say so."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn
from tests.browser.test_pages import LOOK
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_another_window_leaves_its_page_as_soon_as_somebody_looks_at_it(
    stack: Stack, sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in("counselor")
    other = page.context.new_page()
    other.goto(f"/patients/{stack.world['followed']}/")
    other.evaluate(LOOK, True)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    other.evaluate(LOOK, False)
    expect(other).to_have_url(re.compile("/sign-in/"))
    other.close()
    complaints[:] = [one for one in complaints if "status of 401" not in one]


@pytest.mark.parametrize("answered", ["with an error", "not at all"])
def test_a_page_that_nobody_answers_is_empty_once_its_time_is_over(
    stack: Stack, sign_in: SignIn, complaints: list[str], answered: str
) -> None:
    page = sign_in("counselor")
    page.clock.install()
    page.goto(f"/patients/{stack.world['followed']}/")
    name = "Alder"
    page.route("**/*", lambda route: route.abort() if answered == "with an error" else None)
    page.clock.fast_forward("14:00")
    page.clock.run_for("00:30")
    assert name in page.content()
    page.clock.run_for("02:00")
    expect(page.get_by_text("You were signed out")).to_be_visible(timeout=20_000)
    assert name not in page.content()
    page.close()
    complaints.clear()
