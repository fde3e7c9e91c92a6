"""What a page shows stays where it is, while fonts and scripts arrive."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.axe import SIZES
from tests.browser.conftest import SignIn
from tests.browser.every_page import ROLES, pages_of
from tests.browser.painting import MOST_SHIFT, painted, watches_painting
from tests.stack import Stack

pytestmark = pytest.mark.browser


def jumping(page: Page, addresses: dict[str, str]) -> list[str]:
    """The pages of which something moves by itself after it was shown."""
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for name, address in addresses.items():
            page.goto(address)
            seen = painted(page)
            if seen.shift > MOST_SHIFT:
                found.append(f"{name}, {width} px: {seen.shift:.4f}, {', '.join(seen.moved)}")
    return found


@pytest.mark.parametrize("who", ROLES)
def test_nothing_moves_on_the_pages_of_a_role(stack: Stack, sign_in: SignIn, who: str) -> None:
    page = watches_painting(sign_in(who))
    addresses = pages_of(ROLES[who], stack.world["ids"])
    if who != "admin":
        addresses["a patient with several sessions"] = f"/patients/{stack.world['followed']}/"
    found = jumping(page, addresses)
    assert not found, "\n".join(found)


def test_nothing_moves_on_the_pages_before_signing_in(stack: Stack, open_page: Callable[..., Page]) -> None:
    found = jumping(watches_painting(open_page()), pages_of(None, stack.world["ids"]))
    assert not found, "\n".join(found)


def test_what_does_move_is_seen(open_page: Callable[..., Page]) -> None:
    page = watches_painting(open_page())
    page.goto("/sign-in/")
    painted(page)
    page.evaluate("document.querySelector('main').style.paddingTop = '200px'")
    assert painted(page).shift > MOST_SHIFT
