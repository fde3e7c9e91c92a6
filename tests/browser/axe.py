"""axe-core, which finds barriers in a page, in each size and theme that Undertone is made for."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

SOURCE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"

SIZES = ((1440, 900), (390, 844))
THEMES = ("light", "dark")

RUN = (Path(__file__).parent / "barriers.js").read_text()


def brings_axe(page: Page) -> Page:
    """Have axe in each document that ``page`` will open. The content policy is not asked: no page loads it itself."""
    page.add_init_script(path=SOURCE)
    return page


def barriers(page: Page, what: str) -> list[str]:
    """What axe finds in the page that is open, in every size and theme.

    Without motion, so that no colour is measured half way from one theme to the other.
    """
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            found += [f"{what}, {width} px, {theme}: {one}" for one in page.evaluate(RUN)]
    return found
