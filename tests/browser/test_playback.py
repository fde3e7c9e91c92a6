"""A counselor listens to a session, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import SignIn
from tests.sound import SPEECH
from tests.stack import Stack

pytestmark = pytest.mark.browser

LISTENED = """SELECT count(*) FROM accounts_accesslogentry WHERE action = 'listen' AND allowed"""

PAST = """(audio, seconds) => new Promise((done) => {
  audio.addEventListener("timeupdate", () => audio.currentTime > seconds && done());
})"""


def session_with_audio(stack: Stack, page: Page) -> None:
    """Upload a recording and go to its session."""
    page.goto(f"/patients/{stack.world['fresh']}/")
    page.fill("[name=held_at]", "2026-05-20T10:30")
    page.set_input_files("input[type=file]", SPEECH)
    page.get_by_role("button", name="Upload for").click()
    row = page.get_by_role("row").filter(has_text="20 May 2026")
    expect(row).to_have_count(1)
    row.get_by_role("link").first.click()
    page.wait_for_url(re.compile("/sessions/"))


def test_a_counselor_plays_a_recording_jumps_in_it_and_is_written_down_once(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if "/audio/" in answer.url else None)
    before = stack.ask(LISTENED)
    session_with_audio(stack, page)
    player = page.locator("audio")
    expect(player).to_be_attached()
    assert answers == []  # nothing is fetched, and nothing logged, before somebody listens
    player.evaluate("async (audio) => { audio.muted = true; await audio.play(); }")
    player.evaluate(PAST, 0.2)
    assert 42 < player.evaluate("(audio) => audio.duration") < 44
    player.evaluate("(audio) => { audio.currentTime = 35; }")
    player.evaluate(PAST, 35.1)
    assert player.evaluate("(audio) => audio.error") is None
    assert {answer.status for answer in answers} == {206}
    assert all(answer.headers["cache-control"] == "no-store" for answer in answers)
    after = stack.ask(LISTENED)
    assert before
    assert after
    assert after[0] - before[0] == 1
