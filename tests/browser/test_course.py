"""The course of a patient: measures, questionnaires, zoom, events in place, and what can be taken away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.chart import coloured_pixels
from tests.browser.conftest import SignIn
from tests.stack import Stack

pytestmark = pytest.mark.browser

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def page(stack: Stack, sign_in: SignIn) -> Page:
    """The page of a patient with seven sessions."""
    opened = sign_in("counselor")
    opened.goto(f"/patients/{stack.world['charted']}/")
    return opened


def read(page: Page, *keys: str) -> None:
    page.locator("[data-chart]").focus()
    for key in keys:
        page.keyboard.press(key)


def test_a_measure_is_fetched_when_it_is_chosen_and_read_in_its_unit(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/measure/" in request.url else None)
    assert asked == []
    page.get_by_label("Measure of the voice").select_option("speech_rate")
    expect(page.locator("[data-meaning]")).to_contain_text("Syllable nuclei")
    assert len(asked) == 1
    assert coloured_pixels(page, "measure") > 20
    assert coloured_pixels(page, "depression") == 0
    read(page, "Home")
    expect(page.locator("[data-readout]")).to_contain_text("Speech rate 3.89 syllables/s")
    expect(page.locator("[data-own]")).to_contain_text("the last 2 sessions lie below this patient’s own baseline")
    page.get_by_role("button", name="Valence").click()
    assert coloured_pixels(page, "valence") > 20
    expect(page.get_by_label("Measure of the voice")).to_have_value("")
    page.get_by_label("Measure of the voice").select_option("speech_rate")
    expect(page.locator("[data-meaning]")).to_contain_text("Syllable nuclei")
    assert len(asked) == 1


def test_a_measure_that_does_not_come_is_said_and_the_chart_stays(page: Page, complaints: list[str]) -> None:
    page.route("**/measure/**", _fail)
    page.get_by_label("Measure of the voice").select_option("f0_mean")
    expect(page.locator("[data-meaning]")).to_contain_text("could not be loaded")
    assert coloured_pixels(page, "depression") > 20
    complaints.clear()


def _fail(route: Route) -> None:
    route.abort()


def test_both_questionnaires_are_drawn_and_read_beside_the_session_of_their_day(page: Page) -> None:
    assert coloured_pixels(page, "phq") > 20
    assert coloured_pixels(page, "gad") > 20
    read(page, "Home")
    expect(page.locator("[data-readout]")).to_contain_text("PHQ-9 9 of 27, mild")
    expect(page.locator("[data-readout]")).to_contain_text("GAD-7 7 of 21, mild")
    expect(page.locator("[data-legend]")).to_contain_text("GAD-7: 5 mild, 10 moderate, 15 severe")


def test_a_poor_recording_is_marked_and_its_reason_is_read(page: Page) -> None:
    read(page, "End", "ArrowLeft", "ArrowLeft")
    expect(page.locator("[data-readout]")).to_contain_text("poor recording: much noise")
    expect(page.locator("[data-legend]")).to_contain_text("poor recording, not joined")


def test_zoom_and_pan_by_keyboard_and_by_button_are_said_and_reset(page: Page) -> None:
    shown = page.locator("[data-shown]")
    expect(shown).to_have_text("")
    expect(page.get_by_role("button", name="Zoom out")).to_be_disabled()
    read(page, "End", "+", "+")
    expect(shown).to_have_text(re.compile(r"to 1[5-9] Feb 2026"))
    page.locator("[data-chart] .u-over").hover(position={"x": 4, "y": 60})
    expect(page.locator("[data-readout]")).to_contain_text("2 Feb 2026")
    before = shown.text_content()
    page.keyboard.press("Shift+ArrowLeft")
    expect(shown).not_to_have_text(before or "")
    page.keyboard.press("Home")
    expect(shown).to_have_text(re.compile(r"Jan 2026 to"))
    page.keyboard.press("0")
    expect(shown).to_have_text("")
    page.get_by_role("button", name="Zoom in").click()
    expect(shown).to_contain_text("2026 to")
    page.get_by_role("button", name="All", exact=True).click()
    expect(shown).to_have_text("")


def test_the_pointer_drags_the_chart_sideways_once_it_is_zoomed(page: Page) -> None:
    shown = page.locator("[data-shown]")
    page.get_by_role("button", name="Zoom in").click()
    expect(shown).to_contain_text("2026 to")
    before = shown.text_content() or ""
    box = page.locator("[data-chart] .u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + 300, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 60, steps=5)
    page.mouse.up()
    expect(shown).not_to_have_text(before)


def test_an_event_is_added_corrected_and_removed_in_place_and_marks_the_chart(page: Page) -> None:
    read(page, "Home")
    page.get_by_role("button", name="Add an event").click()
    expect(page.get_by_label("Day", exact=True)).to_have_value("2026-01-05")
    page.get_by_label("Kind", exact=True).select_option("medication")
    page.get_by_label("What happened").fill("Sertraline begun")
    page.get_by_role("button", name="Keep", exact=True).click()
    events = page.locator("#annotations")
    expect(events).to_contain_text("The event was kept.")
    expect(events.get_by_role("cell", name="Sertraline begun").first).to_be_visible()
    expect(page.locator("[data-legend]")).to_contain_text("event")
    read(page, "Home")
    expect(page.locator("[data-readout]")).to_contain_text("Medication: Sertraline begun")
    events.get_by_role("link", name="Correct Sertraline begun").click()
    page.get_by_label("What happened").fill("Sertraline, 50 mg")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(events).to_contain_text("The event was corrected.")
    events.get_by_role("link", name="Remove Sertraline, 50 mg").click()
    expect(events).to_contain_text("Remove “Sertraline, 50 mg” of 5 Jan 2026?")
    events.get_by_role("button", name="Remove").click()
    expect(events).to_contain_text("None yet.")
    expect(page.locator("[data-legend]")).not_to_contain_text("event")


def test_the_picture_is_a_png_whose_name_says_nothing_of_the_patient(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save picture").click()
    name = waiting.value.suggested_filename
    assert re.fullmatch(r"course-depression-\d{4}-\d\d-\d\d\.png", name)
    file = tmp_path / name
    waiting.value.save_as(file)
    assert file.read_bytes().startswith(PNG)
    assert file.stat().st_size > 10_000


def test_the_numbers_are_a_table_and_a_file(page: Page, tmp_path: Path) -> None:
    page.get_by_role("link", name="As a table").click()
    expect(page.get_by_role("heading", name="Course in numbers")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("poor: much noise"))).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as CSV").click()
    file = tmp_path / "course.csv"
    waiting.value.save_as(file)
    assert file.read_text().startswith("time_utc,what,part,depression,")


def test_without_javascript_a_measure_is_chosen_and_read_as_a_table(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor", java_script_enabled=False)
    page.goto(f"/patients/{stack.world['charted']}/")
    page.get_by_label("Measure of the voice").select_option("speech_rate")
    page.get_by_role("button", name="Show as a table").click()
    expect(page.get_by_role("cell", name="3.89 syllables/s")).to_be_visible()


def test_the_summary_names_what_departs_and_shows_its_rule(page: Page) -> None:
    summary = page.locator(".summary")
    expect(summary).to_contain_text("Depression probability lies above it in the last 2 sessions")
    summary.get_by_text("own baseline", exact=True).first.click()
    expect(summary).to_contain_text("nine of ten cases")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_on_a_narrow_screen(stack: Stack, sign_in: SignIn, scheme: str) -> None:
    page = sign_in("counselor", width=390, color_scheme=scheme)
    page.goto(f"/patients/{stack.world['charted']}/")
    assert coloured_pixels(page, "depression") > 20
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
