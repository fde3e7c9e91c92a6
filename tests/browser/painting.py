"""How soon a page shows something, and how far what it shows jumps about afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

MOST_SHIFT = 0.01
"""As much cumulative layout shift as nobody sees; browsers call less than 0.1 good (web.dev/articles/cls)."""

LATEST_FIRST_MS = 1000.0
"""When a page of the demonstration shows its first text or picture, at the latest."""

SETTLED_MS = 400

WATCH = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (!entry.hadRecentInput) window.shifts.push({value: entry.value, moved: entry.sources.map(
      (source) => source.node && (source.node.id || source.node.className || source.node.nodeName))});
  }
}).observe({type: "layout-shift", buffered: true});
"""

READ = """() => ({
  first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  shift: window.shifts.reduce((sum, one) => sum + one.value, 0),
  moved: window.shifts.flatMap((one) => one.moved).map(String),
})"""


@dataclass(frozen=True)
class Painted:
    """``first``: milliseconds until the first text or picture; ``shift``: cumulative layout shift; ``moved``: what."""

    first: float | None
    shift: float
    moved: tuple[str, ...]


def watches_painting(page: Page) -> Page:
    """Watch each document that ``page`` will open, with nothing of it in the cache, as at a first visit."""
    page.add_init_script(WATCH)
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    return page


def painted(page: Page) -> Painted:
    """What was seen of the page that is open, once it has come to rest."""
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready.then(() => null)")
    page.wait_for_timeout(SETTLED_MS)
    found = page.evaluate(READ)
    return Painted(found["first"], found["shift"], tuple(found["moved"]))
