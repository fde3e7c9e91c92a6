"""A browser, somebody signed in with it, and nothing in its console."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.stack import Stack
from tests.world import PASSWORD

MISSING = "No chromium was found. Install Debian's package 'chromium', or set CHROMIUM to its path."
ALONE = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", *ALONE]
TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (e) => console.error("CSP", e.violatedDirective, e.blockedURI));
"""

MAIL = "mail"
"""The folder, in the stack's own, into which mail is written."""

SignIn = Callable[..., Page]


def where_chromium_is() -> str | None:
    """The path of Chromium, if there is one."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is. Required in CI; elsewhere its absence skips these tests."""
    found = where_chromium_is()
    if found is None:
        pytest.fail(MISSING) if os.environ.get("CI") == "true" else pytest.skip(MISSING)
    return found


@pytest.fixture(scope="session")
def stack(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Server and worker."""
    folder = tmp_path_factory.mktemp("browser")
    own = {"QUEUE": f"browser-{uuid.uuid4()}", "MEDIA_ROOT": str(folder / "media")}
    environment = os.environ | own | {"EMAIL_URL": f"filemail:///{folder / MAIL}"}
    running = Stack(folder, environment)
    try:
        running.start()
        yield running
    finally:
        running.stop()


# The browser's own event loop forbids Django's database calls in this process, so it never outlives a module.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What a page's console says; a test fails if that is anything it does not expect and remove."""
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def open_page(stack: Stack, browser: Browser, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """Opens windows of their own: ``open_page(width=390, color_scheme="dark")``."""
    contexts: list[BrowserContext] = []

    def open_one(*, width: int = 1280, color_scheme: str = "light", **options: object) -> Page:
        context = browser.new_context(
            base_url=stack.address,
            viewport={"width": width, "height": 900},
            color_scheme=color_scheme,  # type: ignore[arg-type]
            **options,  # type: ignore[arg-type]
        )
        context.set_default_timeout(20_000)
        context.add_init_script(TELL_VIOLATIONS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: _hear(message, complaints))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()


def _hear(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type in ("error", "warning"):
        complaints.append(f"{message.type}: {message.text}")


@pytest.fixture
def sign_in(stack: Stack, open_page: Callable[..., Page]) -> SignIn:
    """Signs somebody in by the form: ``sign_in("counselor")``."""

    def sign_in_as(who: str, **options: object) -> Page:
        page = open_page(**options)
        page.goto("/sign-in/")
        page.fill("#id_username", stack.world[who])
        page.fill("#id_password", PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        return page

    return sign_in_as
