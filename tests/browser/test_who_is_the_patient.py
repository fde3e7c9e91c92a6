"""Saying who the patient is, as a counselor does it: by one click."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn
from tests.sound import meeting
from tests.stack import Stack

pytestmark = pytest.mark.browser

ANALYSIS_MS = 60_000
QUESTION = "The one who speaks longer was assumed to be the patient."


def test_one_click_confirms_and_the_question_is_gone(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/sessions/{stack.world['to confirm']}/")
    panel = page.get_by_role("region", name="Who is the patient?")
    expect(panel).to_contain_text(QUESTION)
    panel.get_by_role("button", name="That is right").click()
    expect(page.get_by_text("confirmed by Alice on")).to_be_visible()
    expect(page.get_by_text(QUESTION)).to_have_count(0)


def test_one_click_swaps_and_the_other_voice_is_measured(stack: Stack, sign_in: SignIn, tmp_path: Path) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['to swap']}/")
    page.set_input_files("input[type=file]", meeting(tmp_path / "meeting.wav"))
    page.get_by_role("button", name="Upload for Sven Swap").click()
    row = page.locator("#sessions tbody tr").first
    expect(row).to_contain_text("Analysed", timeout=ANALYSIS_MS)
    expect(row).to_contain_text("patient’s voice assumed, not confirmed")
    row.get_by_role("link").first.click()
    page.get_by_role("button", name="It is the other person").click()
    expect(page.get_by_text("The recording is analysed again, with the other person as the patient.")).to_be_visible()
    expect(row).not_to_contain_text("Analysed")
    expect(row).to_contain_text("Analysed", timeout=ANALYSIS_MS)
    expect(row).not_to_contain_text("assumed")
    row.get_by_role("link").first.click()
    expect(page.get_by_text("a person said that it is the one who speaks less")).to_be_visible()
