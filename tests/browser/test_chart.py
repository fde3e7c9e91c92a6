"""Reading the chart by eye, by keyboard and by pointer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chart import coloured_pixels
from tests.browser.conftest import SignIn
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_the_keyboard_reads_number_interval_state_and_checkpoint(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['followed']}/")
    page.locator("[data-chart]").focus()
    page.keyboard.press("Home")
    readout = page.locator("[data-readout]")
    expect(readout).to_contain_text("2 Jan 2026")
    expect(readout).to_contain_text("Depression probability 0.72 (0.62–0.82), elevated")
    expect(readout).to_contain_text("undertone-demo 0.1")
    page.keyboard.press("ArrowRight")
    expect(readout).to_contain_text("0.61 (0.51–0.71)")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/sessions/"))


def test_the_pointer_reads_the_nearest_session(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['followed']}/")
    page.locator("[data-chart] .u-over").hover(position={"x": 12, "y": 80})
    expect(page.locator("[data-readout]")).to_contain_text("0.72 (0.62–0.82)")


def test_what_is_being_read_stays_before_the_reader_when_the_chart_is_renewed(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['followed']}/")
    readout = page.locator("[data-readout]")
    page.locator("[data-chart]").focus()
    page.keyboard.press("Home")
    expect(readout).to_contain_text("2 Jan 2026")
    page.evaluate("document.querySelector('[data-chart]').dataset.old = 'old'")
    page.evaluate("htmx.trigger(document.body, 'course-changed')")
    expect(page.locator("[data-chart][data-old]")).to_have_count(0)
    expect(readout).to_contain_text("2 Jan 2026")
    page.keyboard.press("ArrowRight")
    expect(readout).to_contain_text("0.61 (0.51–0.71)")


def test_every_recording_of_one_session_is_read_by_keyboard_and_by_pointer(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['twice']}/")
    readout = page.locator("[data-readout]")
    page.locator("[data-chart]").focus()
    page.keyboard.press("Home")
    expect(readout).to_contain_text("recording 1 of 2")
    expect(readout).to_contain_text("0.31 (0.21–0.41)")
    page.keyboard.press("ArrowRight")
    expect(readout).to_contain_text("recording 2 of 2")
    expect(readout).to_contain_text("0.82 (0.72–0.92)")
    over = page.locator("[data-chart] .u-over")
    for height, words in ((0.6, "0.31 (0.21–0.41)"), (0.2, "0.82 (0.72–0.92)")):
        box = over.bounding_box()
        assert box
        over.hover(position={"x": box["width"] / 2, "y": box["height"] * height})
        expect(readout).to_contain_text(words)


def test_one_score_is_drawn_at_a_time_or_all_three_together(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['followed']}/")
    assert coloured_pixels(page, "depression") > 20
    assert coloured_pixels(page, "valence") == 0
    page.get_by_role("button", name="Together").click()
    expect(page.get_by_role("button", name="Together")).to_have_attribute("aria-pressed", "true")
    for name in ("depression", "valence", "arousal"):
        assert coloured_pixels(page, name) > 20


def test_the_chart_follows_the_theme_and_the_choice_is_kept(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor", color_scheme="dark")
    page.goto(f"/patients/{stack.world['followed']}/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="Change between light and dark").click()
    assert coloured_pixels(page, "depression") > 20
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_a_session_shows_its_timeline_and_reads_a_moment(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/sessions/{stack.world['session']}/")
    assert coloured_pixels(page, "valence") > 10
    page.locator("[data-chart]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-readout]")).to_contain_text("0:00–0:06")
    expect(page.locator("[data-readout]")).to_contain_text("Valence 0.40")


def test_the_readout_says_where_nobody_has_confirmed_whose_voice_it_is(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['duo']}/")
    page.locator("[data-chart]").focus()
    page.keyboard.press("Home")
    expect(page.locator("[data-readout]")).to_contain_text("patient’s voice assumed, not confirmed")
    page.goto(f"/patients/{stack.world['followed']}/")
    page.locator("[data-chart]").focus()
    page.keyboard.press("Home")
    expect(page.locator("[data-readout]")).to_contain_text("0.72")
    expect(page.locator("[data-readout]")).not_to_contain_text("assumed")
