"""A counselor listens to a session by its timeline and reviews it, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.sound import SPEECH
from tests.stack import Stack

pytestmark = pytest.mark.browser

LISTENED = """SELECT count(*) FROM accounts_accesslogentry WHERE action = 'listen' AND allowed"""

PAST = """(audio, seconds) => new Promise((done) => {
  if (audio.currentTime > seconds) done();
  audio.addEventListener("timeupdate", () => audio.currentTime > seconds && done());
})"""

WAVE = """(host) => {
  const canvas = host.firstElementChild?.shadowRoot?.querySelector("canvas");
  if (!canvas) return 0;
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.filter((part, at) => at % 4 === 3 && part > 0).length;
}"""


def analysed_session(stack: Stack, page: Page, day: int) -> None:
    """Upload a recording, wait until it is analysed, and go to its session."""
    page.goto(f"/patients/{stack.world['fresh']}/")
    page.fill("[name=held_at]", f"2026-05-{day:02}T10:30")
    page.set_input_files("input[type=file]", SPEECH)
    page.get_by_role("button", name="Upload for").click()
    row = page.get_by_role("row").filter(has_text=f"{day} May 2026")
    expect(row).to_contain_text("Analysed", timeout=180_000)
    row.get_by_role("link").first.click()
    page.wait_for_url(re.compile("/sessions/"))
    # Nobody hears it here, and a browser without a sound card plays what is mute.
    page.locator("audio").evaluate("(audio) => { audio.muted = true; }")


def test_a_click_the_keys_and_the_rows_play_their_moment(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    analysed_session(stack, page, 21)
    before = stack.ask(LISTENED)
    audio, chart = page.locator("audio"), page.locator("[data-chart]")
    expect(page.locator("[data-wave] > div")).to_be_attached()
    assert page.locator("[data-wave]").evaluate(WAVE) > 500
    box = page.locator("[data-lanes]").bounding_box()
    assert box
    chart.click(position={"x": box["width"] * 0.6, "y": 60})
    audio.evaluate(PAST, 5)
    duration = 43
    at = audio.evaluate("(audio) => audio.currentTime")
    assert 0.45 * duration < at < 0.7 * duration
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    chart.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert audio.evaluate("(audio) => audio.paused")
    page.keyboard.press("Home")
    assert audio.evaluate("(audio) => audio.currentTime") < 3
    page.keyboard.press("ArrowRight")
    after = audio.evaluate("(audio) => audio.currentTime")
    page.keyboard.press("ArrowRight")
    assert audio.evaluate("(audio) => audio.currentTime") > after
    page.locator("[data-speed]").select_option("1.5")
    assert audio.evaluate("(audio) => audio.playbackRate") == 1.5
    page.get_by_text(re.compile(r"^Turns \(")).click()
    turn = page.locator(".turns button[data-from]").last
    begins, ends = (float(turn.get_attribute(f"data-{name}") or 0) for name in ("from", "until"))
    turn.click()
    audio.evaluate(PAST, begins)
    # It ends where the turn does.
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=60_000)
    assert begins < audio.evaluate("(audio) => audio.currentTime") < ends + 1
    after_all = stack.ask(LISTENED)
    assert before
    assert after_all
    assert after_all[0] - before[0] == 1


def test_where_the_audio_is_gone_all_but_playing_works(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor", width=390)
    analysed_session(stack, page, 22)
    page.get_by_role("link", name="Remove its audio").click()
    page.get_by_role("button", name=re.compile("Remove")).click()
    page.wait_for_url(re.compile("/sessions/"))
    expect(page.locator("[data-player]")).to_have_count(0)
    expect(page.locator("[data-wave] > div")).to_be_attached()
    assert page.locator("[data-wave]").evaluate(WAVE) > 100
    expect(page.locator("button[data-from]")).to_have_count(0)
    page.locator("[data-chart]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-readout]")).to_contain_text("Depression probability")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_review_is_said_changed_and_shown(stack: Stack, sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in("counselor")
    page.goto(f"/sessions/{stack.world['session']}/")
    page.get_by_text("Say what you think of it").click()
    page.get_by_label("Disagree").check()
    page.get_by_role("button", name="Keep the review").click()
    expect(page.get_by_text("Please say why.")).to_be_visible()
    complaints[:] = [one for one in complaints if "status of 422" not in one]
    page.get_by_label("Why?").select_option(label="It does not fit how the patient was in the session")
    page.get_by_label("Note", exact=True).fill("Laughed a good deal.")
    page.get_by_role("button", name="Keep the review").click()
    expect(page.get_by_text("Your review was kept.")).to_be_visible()
    expect(page.locator(".review")).to_contain_text("Laughed a good deal.")
    page.get_by_text("Change the review").click()
    page.get_by_label("Set aside").check()
    page.get_by_role("button", name="Keep the review").click()
    expect(page.locator(".review-said")).to_contain_text("Set aside")
    page.goto(f"/patients/{stack.world['followed']}/")
    expect(page.get_by_text("set aside: counts for no baseline")).to_be_visible()
