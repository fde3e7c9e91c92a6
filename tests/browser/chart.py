"""Looking at a chart: which colours of the theme are on its canvas."""

from __future__ import annotations

from playwright.sync_api import Page

COUNT = """(name) => {
  const probe = document.body.appendChild(document.createElement("span"));
  probe.style.color = `var(--u-${name})`;
  const wanted = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
  probe.remove();
  const chart = document.querySelector("[data-chart] canvas");
  const copy = Object.assign(document.createElement("canvas"), {width: chart.width, height: chart.height});
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(chart, 0, 0);
  const pixels = context.getImageData(0, 0, copy.width, copy.height).data;
  let found = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    const near = wanted.every((part, place) => Math.abs(part - pixels[at + place]) < 8);
    if (near && pixels[at + 3] > 250) found += 1;
  }
  return found;
}"""


def coloured_pixels(page: Page, name: str) -> int:
    """How many pixels of the chart have the theme's colour ``name``."""
    page.wait_for_function("document.querySelector('[data-chart] canvas')")
    page.wait_for_timeout(100)
    found: int = page.evaluate(COUNT, name)
    return found
