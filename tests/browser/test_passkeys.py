"""Passkeys, with the virtual authenticator that Chromium has for tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.stack import Stack
from tests.world import PASSWORD

pytestmark = pytest.mark.browser

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_authenticator(page: Page) -> tuple[CDPSession, str]:
    """A device that holds passkeys and says yes whenever it is asked."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    added = session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return session, added["authenticatorId"]


def give_password(page: Page, stack: Stack, who: str) -> None:
    # Browsers know no passkeys for bare addresses.
    page.goto(stack.address.replace("127.0.0.1", "localhost") + "/sign-in/")
    page.fill("#id_username", stack.world[who])
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")


def add_passkey(page: Page, name: str) -> None:
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Second factor").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name, to tell it from others").fill(name)
    page.get_by_role("button", name="Add").click()


def test_a_passkey_signs_in_alone_and_as_a_second_factor_and_nothing_does_without_it(
    stack: Stack, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    page = open_page()
    device, authenticator = with_authenticator(page)
    give_password(page, stack, "passkey owner")
    page.wait_for_url("**/")
    add_passkey(page, "My telephone")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    sign_out(page)

    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator(".who-name")).to_have_text("Pat")
    sign_out(page)

    give_password(page, stack, "passkey owner")
    page.wait_for_url("**/sign-in/second-factor/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator(".who-name")).to_have_text("Pat")
    sign_out(page)

    device.send("WebAuthn.clearCredentials", {"authenticatorId": authenticator})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-passkey-trouble]")).to_be_visible()
    expect(page.locator(".who-name")).to_have_count(0)
