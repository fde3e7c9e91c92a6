"""`make screenshots`: a picture of each page of the demonstration, in docs/images, and how soon and calmly it appeared.

The pages are those of the resolver. One whose address holds an id is found by the links that lead to it, from the first
page of whoever is signed in; `SUBJECTS` says which patient. ``python -m tests.browser.screenshots`` takes options:
``--at ADDRESS`` for a demonstration that runs already, ``--only NAME`` for one page.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.urls import Resolver404, resolve  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from accounts.models import Role  # noqa: E402
from config.embedded import REPOSITORY  # noqa: E402
from sessions_app.demo.people import ADAM, CLARA, STELLA, Login  # noqa: E402
from tests.browser.axe import SIZES, THEMES  # noqa: E402
from tests.browser.conftest import ARGUMENTS, MISSING, where_chromium_is  # noqa: E402
from tests.browser.every_page import is_open_to, page_routes  # noqa: E402
from tests.browser.painting import LATEST_FIRST_MS, MOST_SHIFT, Painted, painted, watches_painting  # noqa: E402
from tests.config.running_demo import start  # noqa: E402
from tests.processes import soon  # noqa: E402

IMAGES = REPOSITORY / "docs" / "images"

VISITORS: tuple[Login | None, ...] = (CLARA, STELLA, ADAM, None)
"""Who looks at pages, in this order: the first who may open a page shows it. ``None`` has not signed in."""

ALSO_AS = {("home", STELLA), ("home", ADAM), ("patient", STELLA), ("session", STELLA)}
"""Pages that look different to somebody else, who is named in the picture's name."""

SUBJECTS = {"patient": "Rolf Specimen"}
"""Of several links to one kind of page, the one with these words; else the first."""

ANALYSED_SECONDS = 1500.0
QUALITY = 55
TALLEST = 2
"""Screens: what is further down a page is cut off."""

LINKS = """() => [...document.querySelectorAll("main a[href], header a[href]")]
  .map((link) => [link.getAttribute("href"), link.textContent.trim()])"""


@dataclass(frozen=True)
class Sight:
    """A page as somebody sees it: the picture's name, and the address."""

    name: str
    address: str


def write_a_note(page: Page) -> None:
    """One that is shown, if there is none yet."""
    if page.get_by_role("link", name="Add an addendum").count() == 0:
        page.locator(".write-note > summary").click()
        page.locator("[name=kind][value=progress]").check()
        page.locator("textarea").fill("Sleeps through the night again. Next session in three weeks.")
        page.get_by_role("button", name="Sign and keep").click()
        page.wait_for_load_state()


def look_for_somebody(page: Page) -> None:
    """Find the patient who is shown."""
    page.get_by_label("Number or name").fill(SUBJECTS["patient"])
    page.get_by_role("button", name="Search").click()
    page.wait_for_load_state()


STEPS: dict[str, Callable[[Page], None]] = {"patient-notes": write_a_note, "care-teams": look_for_somebody}
"""What is done on a page before its links are followed, by the name of its route."""


def main() -> int:
    """Take all pictures; the exit status says whether something jumped about."""
    options = _options()
    chromium = where_chromium_is()
    if chromium is None:
        print(MISSING, file=sys.stderr)
        return 2
    options.into.mkdir(parents=True, exist_ok=True)
    with demonstration(options.at) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        found = [one for who in VISITORS for one in taken_by(who, browser, address, options)]
        browser.close()
    return summary(found, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots")
    parser.add_argument("--at", help="where a demonstration runs already")
    parser.add_argument("--only", help="the name of one page")
    parser.add_argument("--into", type=Path, default=IMAGES)
    kinds = ("webp", "png")
    parser.add_argument("--as", dest="kind", choices=kinds, default=kinds[0], help="png: larger, shown anywhere")
    return parser.parse_args()


@contextmanager
def demonstration(address: str | None) -> Iterator[str]:
    """The one at ``address``, or a new one on servers of its own, once all its recordings have been worked through."""
    if address:
        yield address
        return
    with tempfile.TemporaryDirectory(prefix="undertone-screenshots-") as folder:
        demo = start(Path(folder) / "data")
        try:
            demo.wait_until_ready()
            print("The recordings are being analysed, which takes some minutes ...", flush=True)
            assert soon(lambda: "were worked through" in demo.said, ANALYSED_SECONDS), demo.said
            yield f"http://127.0.0.1:{demo.port}"
        finally:
            demo.stop(signal.SIGINT)


def taken_by(who: Login | None, browser: Browser, address: str, options: argparse.Namespace) -> list[Painted]:
    """Pictures of the pages that ``who`` is to show."""
    context = browser.new_context(base_url=address, reduced_motion="reduce")
    page = watches_painting(context.new_page())
    if who:
        _sign_in(page, who)
    found = []
    for sight in sights(page, who):
        if options.only in {None, sight.name}:
            found += _pictures(page, sight, options)
    context.close()
    return found


def sights(page: Page, who: Login | None) -> list[Sight]:
    """What ``who`` shows, each page once, found from their first page on."""
    role = Role(who.role) if who else None
    wanted = {route.name: route for route in page_routes() if is_open_to(route, role)}
    addresses = {name: route.path({}) for name, route in wanted.items() if not route.parameters}
    waiting, seen = [*addresses], set[str]()
    while waiting:
        name = waiting.pop(0)
        seen.add(name)
        page.goto(addresses[name])
        STEPS.get(name, lambda _: None)(page)
        for found, path in _links(page).items():
            if found in wanted and found not in addresses:
                addresses[found] = path
                waiting.append(found)
    if missing := sorted(set(wanted) - seen):
        print(f"No link leads {who.role if who else 'nobody'} to: {', '.join(missing)}")
    return [Sight(picture_name(name, who), addresses[name]) for name in addresses if shows(name, who)]


def _links(page: Page) -> dict[str, str]:
    """The path of one link to each page, by its route's name."""
    chosen: dict[str, str] = {}
    for href, words in page.evaluate(LINKS):
        path = urlsplit(href).path
        try:
            name = resolve(path).view_name if path.startswith("/") else ""
        except Resolver404:
            continue
        if name not in chosen or SUBJECTS.get(name, "\0") in words:
            chosen[name] = path
    return chosen


def shows(name: str, who: Login | None) -> bool:
    """Whether ``who`` is the first who may open it, or it is to be shown as they see it too."""
    route = next(route for route in page_routes() if route.name == name)
    first = next(one for one in VISITORS if is_open_to(route, Role(one.role) if one else None))
    return who == first or (name, who) in ALSO_AS


def picture_name(name: str, who: Login | None) -> str:
    plain = name.replace("account_", "").replace("mfa_", "second-factor-").replace(":", "-").replace("_", "-")
    return f"{plain}-{who.role}" if (name, who) in ALSO_AS and who else plain


def _pictures(page: Page, sight: Sight, options: argparse.Namespace) -> list[Painted]:
    """One for each size and theme."""
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            page.goto(sight.address)
            found.append(painted(page))
            name = f"{sight.name}-{theme}-{width}"
            (options.into / f"{name}.{options.kind}").write_bytes(_shot(page, width, height, options.kind))
            _say(name, found[-1])
    return found


def _shot(page: Page, width: int, height: int, kind: str) -> bytes:
    """Chromium writes WebP itself, if it is asked by its own protocol."""
    tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST * height)
    clip = {"x": 0, "y": 0, "width": width, "height": max(tall, height // 2), "scale": 1}
    options = {"format": kind, "captureBeyondViewport": True, "clip": clip}
    options |= {"quality": QUALITY} if kind == "webp" else {}
    session = page.context.new_cdp_session(page)
    data = session.send("Page.captureScreenshot", options)["data"]
    session.detach()
    return b64decode(data)


def _sign_in(page: Page, who: Login) -> None:
    page.goto("/sign-in/")
    page.fill("#id_username", who.email)
    page.fill("#id_password", who.password)
    page.locator("form.stack button[type=submit]").first.click()
    page.wait_for_url("**/")


def _say(name: str, seen: Painted) -> None:
    jumped = f"  moved: {', '.join(seen.moved)}" if seen.shift > MOST_SHIFT else ""
    print(f"{name:<52} first paint {seen.first or 0:5.0f} ms  shift {seen.shift:.4f}{jumped}", flush=True)


def summary(found: list[Painted], options: argparse.Namespace) -> int:
    """Say what it amounts to."""
    if not found:
        print("No page is called that.", file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in options.into.glob(f"*.{options.kind}"))
    firsts = sorted(one.first or float("inf") for one in found)
    jumping = [one for one in found if one.shift > MOST_SHIFT]
    slow = [first for first in firsts if first > LATEST_FIRST_MS]
    print(f"{len(found)} pictures; all in {options.into.name}: {size / 2**20:.1f} MiB")
    print(f"first contentful paint: median {firsts[len(firsts) // 2]:.0f} ms, longest {firsts[-1]:.0f} ms")
    print(f"first contentful paint over {LATEST_FIRST_MS:.0f} ms: {len(slow)} of {len(found)}")
    print(f"layout shift over {MOST_SHIFT}: {len(jumping)} of {len(found)}")
    return 1 if jumping or slow else 0


if __name__ == "__main__":
    sys.exit(main())
