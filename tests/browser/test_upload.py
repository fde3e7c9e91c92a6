"""From a file on a desk to a point on a chart, in a real browser."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

from sessions_app.api.problems import STORAGE_FULL
from tests.browser.chart import coloured_pixels
from tests.browser.conftest import SignIn
from tests.sound import SPEECH
from tests.stack import Stack

pytestmark = pytest.mark.browser

ANALYSIS_MS = 60_000
SECOND_VOICE = SPEECH.with_name("second_voice.opus")
DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  const event = new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
  document.querySelector("[data-drop]").dispatchEvent(event);
}"""


def drop(page: Page, file: Path) -> None:
    """Drop a file on the page as a person would with a mouse."""
    page.evaluate(DROP, [file.name, base64.b64encode(file.read_bytes()).decode()])


def test_staff_drop_a_recording_and_the_counselor_sees_its_point(stack: Stack, sign_in: SignIn) -> None:
    staff = sign_in("staff")
    staff.get_by_role("link", name="Fern Fresh").click()
    staff.fill("[name=held_at]", "2026-06-03T10:30")
    drop(staff, SPEECH)
    expect(staff.locator("[data-drop-words]")).to_contain_text("speech.opus")
    staff.get_by_role("button", name="Upload for Fern Fresh").click()
    row = staff.get_by_role("row").filter(has_text="3 Jun 2026")
    expect(row).to_contain_text(re.compile("Waiting|Starting|Reading|Checking|Finding|Measuring|Listening|Analysed"))
    expect(row).to_contain_text("Analysed", timeout=ANALYSIS_MS)
    expect(staff.locator("[data-trend]")).to_have_count(0)

    counselor = sign_in("counselor")
    counselor.goto(f"/patients/{stack.world['fresh']}/")
    in_table = (
        counselor.get_by_role("row").filter(has_text="3 Jun 2026").locator("[data-label='Depression probability']")
    )
    number = in_table.locator(".score-number").inner_text()
    counselor.locator("[data-chart]").focus()
    counselor.keyboard.press("End")
    expect(counselor.locator("[data-readout]")).to_contain_text(f"Depression probability {number} (")
    assert coloured_pixels(counselor, "depression") > 20


def test_the_chart_grows_without_a_reload(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['followed']}/")
    page.evaluate("window.same = document.querySelector('[data-chart]').dataset.old = 'old'")
    page.fill("[name=held_at]", "2026-05-04T11:00")
    page.set_input_files("input[type=file]", SECOND_VOICE)
    page.get_by_role("button", name="Upload for").click()
    expect(page.get_by_role("row").filter(has_text="4 May 2026")).to_contain_text("Analysed", timeout=ANALYSIS_MS)
    expect(page.locator("[data-chart][data-old]")).to_have_count(0)
    page.locator("[data-chart]").focus()
    page.keyboard.press("End")
    expect(page.locator("[data-readout]")).to_contain_text("4 May 2026")
    expect(page.locator("#sessions-news")).to_have_count(0)
    assert page.evaluate("window.same")


def test_a_file_that_is_no_audio_fails_with_its_sentence(stack: Stack, sign_in: SignIn, tmp_path: Path) -> None:
    letter = tmp_path / "letter.wav"
    letter.write_text("This is a letter and no recording. " * 100)
    page = sign_in("staff")
    page.goto(f"/patients/{stack.world['fresh']}/")
    page.fill("[name=held_at]", "2026-04-08T10:30")
    page.set_input_files("input[type=file]", letter)
    page.get_by_role("button", name="Upload for").click()
    row = page.get_by_role("row").filter(has_text="8 Apr 2026")
    expect(row).to_contain_text("This file is not audio that Undertone can read.", timeout=ANALYSIS_MS)
    expect(row).to_contain_text("not_audio")
    expect(row.get_by_role("button", name="Try again")).to_have_count(0)


def test_an_empty_file_is_refused_before_anything_is_kept(
    stack: Stack, sign_in: SignIn, tmp_path: Path, complaints: list[str]
) -> None:
    nothing = tmp_path / "nothing.wav"
    nothing.touch()
    page = sign_in("staff")
    page.goto(f"/patients/{stack.world['fresh']}/")
    page.fill("[name=held_at]", "2026-04-15T10:30")
    page.set_input_files("input[type=file]", nothing)
    page.get_by_role("button", name="Upload for").click()
    expect(page.locator("#upload")).to_contain_text("This file is empty.")
    expect(page.get_by_role("row").filter(has_text="15 Apr 2026")).to_have_count(0)
    # Chromium reports every answer of 4xx in the console; this one is meant.
    assert "422" in complaints.pop()


def test_a_wrong_date_does_not_cost_the_chosen_file(stack: Stack, sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in("staff")
    page.goto(f"/patients/{stack.world['fresh']}/")
    page.fill("[name=held_at]", "2199-01-01T10:30")
    page.set_input_files("input[type=file]", SPEECH)
    page.get_by_role("button", name="Upload for").click()
    expect(page.locator("#upload")).to_contain_text("This time lies in the future.")
    expect(page.locator("[data-drop-words]")).to_contain_text("speech.opus")
    assert "422" in complaints.pop()
    page.fill("[name=held_at]", "2026-04-29T10:30")
    page.get_by_role("button", name="Upload for").click()
    expect(page.get_by_role("row").filter(has_text="29 Apr 2026")).to_have_count(1)


def test_a_recording_is_taken_in_without_javascript(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("staff", java_script_enabled=False)
    page.goto(f"/patients/{stack.world['fresh']}/")
    page.fill("[name=held_at]", "2026-04-22T10:30")
    page.set_input_files("input[type=file]", SPEECH)
    page.get_by_role("button", name="Upload for").click()
    expect(page.locator("main")).to_contain_text("The recording was received.")
    expect(page.get_by_role("row").filter(has_text="22 Apr 2026")).to_have_count(1)


def test_what_the_server_says_of_a_full_disk_stands_beside_the_file(
    stack: Stack, sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in("staff")
    page.goto(f"/patients/{stack.world['fresh']}/")
    full = render_to_string("trouble.html", {"problem": STORAGE_FULL})
    page.route("**/sessions/", lambda route: route.fulfill(status=507, content_type="text/html", body=full))
    page.set_input_files("input[type=file]", SPEECH)
    page.get_by_role("button", name="Upload for").click()
    expect(page.get_by_role("alert")).to_have_text(STORAGE_FULL.detail)
    expect(page.locator("[data-drop-words]")).to_contain_text("speech.opus")
    expect(page.get_by_role("button", name="Upload for")).to_be_enabled()
    assert "507" in complaints.pop()
