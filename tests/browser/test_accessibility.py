"""No page has a barrier that axe-core finds, in light and dark, on a wide screen and on a telephone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Page

from tests.accounts.factors import shown
from tests.browser.axe import barriers, brings_axe
from tests.browser.conftest import MAIL, SignIn
from tests.browser.every_page import NOT_PAGES, ROLES, STEP_BY_STEP, is_open_to, page_routes, pages_of
from tests.browser.test_passkeys import add_passkey, give_password, with_authenticator
from tests.stack import REPOSITORY, Stack

pytestmark = pytest.mark.browser

OTHER_STATES = {
    "counselor": ("followed", "fresh", "closed", "twice", "waiting"),
    "staff": ("followed", "closed", "waiting"),
    "admin": (),
}
"""Patients whose page looks different."""

CODE = re.compile(r"^([A-Z0-9]{3,}(?:-[A-Z0-9]{3,})?)\s*$", re.MULTILINE)
"""A line of a mail that is a code and nothing else."""

ERRORS = sorted(path.name for path in (REPOSITORY / "templates").glob("[0-9]*.html"))


def looked_at(page: Page, addresses: dict[str, str]) -> list[str]:
    found = []
    for name, address in addresses.items():
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, f"{name}: {answer.status}"
        assert page.url.split("?")[0].endswith(address), f"{name} leads to {page.url}"
        found += barriers(page, name)
    return found


@pytest.mark.parametrize("who", ROLES)
def test_no_page_of_a_role_has_a_barrier(stack: Stack, sign_in: SignIn, who: str) -> None:
    page = brings_axe(sign_in(who))
    addresses = pages_of(ROLES[who], stack.world["ids"])
    addresses |= {f"patient, {name}": f"/patients/{stack.world[name]}/" for name in OTHER_STATES[who]}
    found = looked_at(page, addresses)
    assert not found, "\n".join(found)


def test_no_page_before_signing_in_has_a_barrier(stack: Stack, open_page: Callable[..., Page]) -> None:
    page = brings_axe(open_page())
    found = looked_at(page, pages_of(None, stack.world["ids"]))
    page.goto("/sign-in/")
    page.fill("#id_username", "nobody@clinic.test")
    page.fill("#id_password", "not a password")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".field-error, .notice-error").first.wait_for()
    found += barriers(page, "a sign-in that was refused")
    assert not found, "\n".join(found)


def test_every_page_is_opened_by_somebody_or_reached_step_by_step() -> None:
    found = {route.name for route in page_routes()}
    assert set(STEP_BY_STEP) <= found
    closed = {
        route.name for route in page_routes() if not any(is_open_to(route, role) for role in (None, *ROLES.values()))
    }
    assert closed == set(STEP_BY_STEP)
    assert not found & set(NOT_PAGES)


def test_no_page_of_a_second_factor_has_a_barrier(stack: Stack, open_page: Callable[..., Page]) -> None:
    page, seen = brings_axe(open_page()), set[str]()
    # Browsers know no passkeys for bare addresses.
    home = stack.address.replace("127.0.0.1", "localhost")
    found: list[str] = []

    def look(name: str, path: str) -> None:
        page.wait_for_url(f"{home}{path}*")
        found.extend(barriers(page, name))
        seen.add(name)

    with_authenticator(page)
    give_password(page, stack, "app owner")
    look("mfa_authenticate", "/sign-in/second-factor/")
    page.fill("#id_code", shown())
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"{home}/")
    add_passkey(page, "My telephone")
    page.wait_for_url(lambda url: "/passkey/" not in url)
    page.goto(f"{home}/account/second-factor/")
    page.get_by_role("link", name="Remove My telephone").wait_for()
    look("mfa_index, with all of them", "/account/second-factor/")
    for name, path in (
        ("mfa_deactivate_totp", "/account/second-factor/app/remove/"),
        ("mfa_reauthenticate", "/account/confirm/code/"),
        ("mfa_reauthenticate_webauthn", "/account/confirm/passkey/"),
        ("mfa_generate_recovery_codes", "/account/second-factor/codes/new/"),
    ):
        page.goto(home + path)
        look(name, path)
    page.locator("main form button[type=submit]").click()
    look("mfa_view_recovery_codes", "/account/second-factor/codes/")
    page.goto(f"{home}/account/second-factor/")
    page.get_by_role("link", name="Remove My telephone").click()
    look("mfa_remove_webauthn", "/account/second-factor/passkey/*/remove/")
    assert {name for name in STEP_BY_STEP if name.startswith("mfa_")} <= seen
    assert not found, "\n".join(found)


def test_no_form_that_was_refused_has_a_barrier(sign_in: SignIn, complaints: list[str]) -> None:
    page = brings_axe(sign_in("counselor"))
    page.goto("/patients/new/")
    page.locator("main form").evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
    page.locator(".field-error").first.wait_for()
    found = barriers(page, "a new patient without a name")
    complaints[:] = [one for one in complaints if "status of 422" not in one]
    assert not found, "\n".join(found)


def test_no_page_of_a_forgotten_password_has_a_barrier(stack: Stack, open_page: Callable[..., Page]) -> None:
    page = brings_axe(open_page())
    page.goto("/password/forgotten/")
    page.get_by_label("E-mail address").fill(stack.world["busy counselor"])
    page.get_by_role("button", name="Send a code").click()
    page.wait_for_url("**/code/")
    found = barriers(page, "account_confirm_password_reset_code")
    page.fill("#id_code", mailed_code(stack))
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/new/")
    found += barriers(page, "account_complete_password_reset")
    assert not found, "\n".join(found)


def mailed_code(stack: Stack) -> str:
    """The one in the mail that comes within some seconds."""
    deadline = time.monotonic() + 20
    while not (codes := CODE.findall("\n".join(mail.read_text() for mail in (stack.folder / MAIL).glob("*")))):
        assert time.monotonic() < deadline, stack.written()["web"][-2000:]
        time.sleep(0.1)
    return codes[0]


def test_no_page_of_an_invitation_has_a_barrier(open_page: Callable[..., Page], sign_in: SignIn) -> None:
    admin = brings_axe(sign_in("admin"))
    admin.goto("/clinic/people/")
    admin.get_by_label("E-mail address").fill("new@clinic.test")
    admin.get_by_role("button", name="Make an invitation").click()
    link = admin.locator("code", has_text="/invitation/").inner_text()
    found = barriers(admin, "people, with a link")
    page = brings_axe(open_page())
    page.goto(link)
    found += barriers(page, "invitation")
    page.get_by_role("button", name="Go on").click()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("template", ERRORS)
def test_no_page_of_an_error_has_a_barrier(stack: Stack, open_page: Callable[..., Page], template: str) -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    written = render_to_string(template, request=request)
    page = brings_axe(open_page())
    page.route("**/broken/", lambda route: route.fulfill(body=written, content_type="text/html"))
    page.goto("/broken/")
    found = barriers(page, template)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("who", "address"), [("staff", "/clinic/people/"), ("counselor", "/nowhere/")])
def test_no_page_that_turns_somebody_away_has_a_barrier(
    sign_in: SignIn, complaints: list[str], who: str, address: str
) -> None:
    page = brings_axe(sign_in(who))
    page.goto(address)
    found = barriers(page, address)
    complaints[:] = [one for one in complaints if "status of 40" not in one]
    assert not found, "\n".join(found)
