"""What the chart joins, hollows and shades: its own functions are asked in the page, and its canvas is looked at."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.stack import Stack

pytestmark = pytest.mark.browser

ASK = """async ([name, asked, given]) => {
  const files = performance.getEntriesByType("resource").map((one) => one.name);
  const module = await import(files.find((file) => file.includes(`/js/${name}.`)));
  return (new Function("module", "given", `return ${asked}`))(module, given);
}"""

COLUMNS = """([name, from, to, alpha, height]) => {
  const probe = document.body.appendChild(document.createElement("span"));
  probe.style.color = `var(--u-${name})`;
  const wanted = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
  probe.remove();
  const chart = document.querySelector("[data-chart] canvas");
  const over = document.querySelector("[data-chart] .u-over").getBoundingClientRect();
  const box = chart.getBoundingClientRect();
  const scale = chart.width / box.width;
  const copy = Object.assign(document.createElement("canvas"), {width: chart.width, height: chart.height});
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(chart, 0, 0);
  const place = (share) => Math.round((over.left - box.left + share * over.width) * scale);
  const [left, width] = [place(from), Math.max(place(to) - place(from), 1)];
  const {data} = context.getImageData(left, 0, width, Math.round(height * copy.height));
  const found = new Set();
  for (let at = 0; at < data.length; at += 4) {
    const near = wanted.every((part, which) => Math.abs(part - data[at + which]) < 40);
    if (near && data[at + 3] >= alpha[0] && data[at + 3] <= alpha[1]) found.add((at / 4) % width);
  }
  return [found.size, width];
}"""
"""In how many columns between two shares of the plot's width a colour is seen, of how many, in an upper part of it."""

SOLID = [120, 255]
FAINT = [22, 30]
"""How opaque a band of a tenth is on a canvas, of 255."""

SCORES, DRAWN = 0.5, 0.87
"""The parts of the canvas above the questionnaires, and above the dates."""

WORDS = {"changed": "%(origin)s, changed", "apart": {"poor": "p", "set_aside": "s", "both": "b"}}
"""Those of the chart that are asked for here."""


def facts(**other: Any) -> dict[str, Any]:
    """Six sessions, a day apart, of one checkpoint and with all that the chart is told of them."""
    values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    series = {"value": values, "low": values, "high": values, "state": [0, 0, 1, 0, 0, 0]}
    return {
        "time": [1_000_000, *[86_400] * 5],
        "session": [""] * 6,
        "session_address": "",
        "part": {},
        "assumed": [],
        "poor": {},
        "poor_words": [],
        "set_aside": [],
        "origin": [0] * 6,
        "origins": ["one 1"],
        "interrupted": {"depression": [], "valence": []},
        "states": ["low", "indeterminate"],
        "heads": [{"head": "depression", "label": "Depression"}, {"head": "valence", "label": "Valence"}],
        "series": {"depression": series, "valence": series},
        "baseline": {"depression": [{"begins": 1, "ends": 2, "low": 0.1, "high": 0.3}]},
    } | other


@pytest.fixture
def page(stack: Stack, sign_in: SignIn) -> Page:
    """The page of a patient with seven sessions of seven weeks."""
    opened = sign_in("counselor", bypass_csp=True)
    opened.goto(f"/patients/{stack.world['charted']}/")
    expect(opened.locator("[data-chart] canvas")).to_be_visible()
    return opened


def layer(page: Page, asked: str, **other: Any) -> Any:
    """What ``asked`` of the scores of `facts` gives."""
    scores = f"((scores) => {asked})(new module.Scores(given.facts, given.words))"
    return page.evaluate(ASK, ["trend_layer", scores, {"facts": facts(**other), "words": WORDS}])


def lines(page: Page, code: str = "depression", **other: Any) -> list[list[int]]:
    """The stretches of neighbours that are joined."""
    pairs = layer(page, f"[0, 1, 2, 3, 4].map((at) => scores.joined('{code}', at, at + 1))", **other)
    found = [[0]]
    for at, is_joined in enumerate(pairs, start=1):
        if is_joined:
            found[-1].append(at)
        else:
            found.append([at])
    return found


def test_neighbours_are_joined_unless_something_ends_the_line(page: Page) -> None:
    assert lines(page) == [[0, 1, 2, 3, 4, 5]]
    assert lines(page, origin=[0, 0, 0, 1, 1, 1], origins=["one 1", "two 2"]) == [[0, 1, 2], [3, 4, 5]]
    assert lines(page, poor={2: 0}, poor_words=["much noise"]) == [[0, 1], [2], [3, 4, 5]]
    assert lines(page, set_aside=[3]) == [[0, 1, 2], [3], [4, 5]]
    assert layer(page, "scores.joined('depression', 0, 2)") is False


def test_a_line_ends_where_sessions_that_were_left_out_end_it_in_that_score_alone(page: Page) -> None:
    interrupted = {"depression": [2], "valence": [4]}
    assert lines(page, interrupted=interrupted) == [[0, 1], [2, 3, 4, 5]]
    assert lines(page, "valence", interrupted=interrupted) == [[0, 1, 2, 3], [4, 5]]


def test_what_is_indeterminate_is_hollow_and_nothing_else(page: Page) -> None:
    hollow = layer(page, "[0, 1, 2, 3, 4, 5].map((at) => scores.hollow('depression', at))")
    assert hollow == [False, False, True, False, False, False]


def test_a_change_of_checkpoint_stands_half_way_and_is_named(page: Page) -> None:
    assert layer(page, "scores.changes()") == []
    changes = layer(page, "scores.changes()", origin=[0, 0, 1, 1, 1, 2], origins=["one 1", "two 2", "two 2"])
    assert changes == [
        {"time": 1_000_000 + 86_400 * 1.5, "origin": "two 2"},
        {"time": 1_000_000 + 86_400 * 4.5, "origin": "two 2, changed"},
    ]


def seen(page: Page, colour: str, begin: float, end: float) -> float:
    """The share of columns between two places of the plot (0 is its left edge, 1 its right) in which a line is seen."""
    return _share(page, [colour, begin, end, SOLID, DRAWN])


def _share(page: Page, asked: list[Any]) -> float:
    found, columns = page.evaluate(COLUMNS, asked)
    return float(found / columns)


def shaded(page: Page) -> float:
    """The same of the shade of the own baseline, between two sessions of it."""
    return _share(page, ["soft", week(1.3), week(1.7), FAINT, SCORES])


def week(number: float) -> float:
    """Where a moment is: the plot has two days of room on both sides of six weeks."""
    return (2 + 7 * number) / 46


def test_the_line_is_drawn_between_good_sessions_and_not_beside_a_poor_one(page: Page) -> None:
    page.wait_for_timeout(200)
    for begin, share in ((0.3, 1), (1.3, 1), (3.3, 0), (4.3, 0), (5.3, 1)):
        assert seen(page, "depression", week(begin), week(begin + 0.4)) == share, begin


def test_the_own_baseline_is_shaded_while_one_score_is_shown(page: Page) -> None:
    page.wait_for_timeout(200)
    assert shaded(page) == 1
    page.get_by_role("button", name="Together").click()
    page.wait_for_timeout(200)
    assert shaded(page) == 0


def test_the_line_of_a_questionnaire_stops_at_a_sheet_without_a_total(stack: Stack, page: Page) -> None:
    page.goto(f"/patients/{stack.world['evening']}/")
    readout = page.locator("[data-readout]")
    page.locator("[data-chart]").focus()
    page.keyboard.press("End")
    expect(readout).to_contain_text("PHQ-9 18 of 27")
    page.keyboard.press("ArrowLeft")
    expect(readout).to_contain_text("PHQ-9: no total")
    page.wait_for_timeout(200)
    assert seen(page, "phq", 0.55, 0.75) == 0
    page.goto(f"/patients/{stack.world['charted']}/")
    expect(page.locator("[data-chart] canvas")).to_be_visible()
    page.wait_for_timeout(200)
    assert seen(page, "phq", week(0.3), week(2.7)) > 0.1


def test_a_questionnaire_is_read_beside_sessions_of_its_own_day_alone(stack: Stack, page: Page) -> None:
    page.goto(f"/patients/{stack.world['evening']}/")
    readout = page.locator("[data-readout]")
    page.locator("[data-chart]").focus()
    page.keyboard.press("Home")
    expect(readout).to_contain_text("2 Mar 2026")
    expect(readout).to_contain_text("PHQ-9 9 of 27")
    page.keyboard.press("ArrowRight")
    expect(readout).to_contain_text("3 Mar 2026")
    expect(readout).to_contain_text("Depression")
    expect(readout).not_to_contain_text("PHQ-9")


def test_the_picture_is_named_after_the_day_where_the_clinic_is(page: Page) -> None:
    """Between these two zones there is always another day."""
    named = [
        page.evaluate(ASK, ["trend_readout", "module.days(given)(Date.now() / 1e3)", zone])
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago")
    ]
    assert named[0] != named[1]
    for day in named:
        trend = f"{{ shown: ['valence'], dayOf: () => '{day}' }}"
        assert page.evaluate(ASK, ["trend_image", f"module.fileName({trend})", None]) == f"course-valence-{day}.png"


def test_keys_that_the_browser_takes_for_itself_are_left_to_it(stack: Stack, page: Page) -> None:
    page.goto(f"/sessions/{stack.world['session']}/")
    chart = page.locator("[data-chart]")
    expect(chart.locator("canvas")).to_be_visible()
    press = """(chart, how) => !chart.dispatchEvent(
      new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true, cancelable: true, ...how }))"""
    assert chart.evaluate(press, {}) is True
    for modifier in ("altKey", "ctrlKey", "metaKey"):
        assert chart.evaluate(press, {modifier: True}) is False


def test_without_javascript_a_session_has_no_empty_chart_and_says_where_its_numbers_are(
    stack: Stack, sign_in: SignIn
) -> None:
    page = sign_in("counselor", java_script_enabled=False)
    page.goto(f"/sessions/{stack.world['session']}/")
    said = page.locator("[data-timeline] noscript p")
    expect(said).to_be_visible()
    expect(said).to_have_text("This chart needs JavaScript. The tables below hold the same numbers.")
    expect(page.locator("[data-chart]")).to_be_hidden()
    expect(page.locator("[data-readout]")).to_be_hidden()
    expect(page.get_by_text("Scores over the session as a table")).to_be_visible()
