"""Every page in a real browser: it fits, it answers as one types, and its console is silent."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SignIn
from tests.stack import Stack

pytestmark = pytest.mark.browser

ASKS = re.compile(r"/sessions/\?seen=")
LOOK = """(hidden) => {
  Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SQUEEZED = """() => [...document.querySelectorAll("dd")]
  .filter((said) => said.checkVisibility() && said.textContent.trim().length > 3 && said.clientWidth < 60)
  .map((said) => said.textContent.trim())"""
"""Words in a column too narrow for them, one letter below the other."""


def addresses(stack: Stack) -> list[str]:
    world = stack.world
    patients = [f"/patients/{world[name]}/" for name in ("followed", "fresh", "closed")]
    admission = ["/patients/new/", f"/patients/{world['fresh']}/consents/withdraw/"]
    patients += [
        f"{patients[0]}{part}/"
        for part in (
            *("notes", "changes", "accesses", "export", "erase", "questionnaires", "questionnaires/phq9"),
            *("numbers", "annotations", "correct"),
        )
    ]
    account = [f"/account/{name}/" for name in ("voice", "api-token", "password", "second-factor", "devices")]
    return [
        "/",
        "/flags/",
        "/flags/put-away/",
        *patients,
        *admission,
        *(f"/sessions/{world[name]}/" for name in ("session", "two voices")),
        *account,
    ]


@pytest.mark.parametrize(("width", "color_scheme"), [(1440, "light"), (390, "dark")])
def test_every_page_fits_its_window(stack: Stack, sign_in: SignIn, width: int, color_scheme: str) -> None:
    page = sign_in("counselor", width=width, color_scheme=color_scheme)
    for address in addresses(stack):
        page.goto(address)
        assert page.evaluate(TOO_WIDE) == 0, address
        assert page.evaluate(SQUEEZED) == [], address


@pytest.mark.parametrize(("width", "color_scheme"), [(1440, "light"), (390, "dark")])
def test_the_page_of_operations_fits_its_window_with_a_history_open(
    sign_in: SignIn, width: int, color_scheme: str
) -> None:
    page = sign_in("admin", width=width, color_scheme=color_scheme)
    page.get_by_role("link", name="Operations", exact=True).click()
    page.locator("#jobs > summary").click()
    page.locator(".history").first.locator("summary").click()
    expect(page.locator(".history li").first).to_contain_text(" by ")
    assert page.evaluate(TOO_WIDE) == 0


def test_the_list_narrows_as_one_types(sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.evaluate("window.same = true")
    page.get_by_role("searchbox").press_sequentially("fresh")
    expect(page.get_by_role("link", name="Robin Alder")).to_have_count(0)
    expect(page.get_by_role("link", name="Fern Fresh")).to_be_visible()
    assert page.evaluate("window.same")
    assert "fresh" not in page.url


def test_the_administrator_changes_the_policy_and_scores_disappear_at_once(stack: Stack, sign_in: SignIn) -> None:
    admin, counselor = sign_in("admin"), sign_in("counselor")
    try:
        choose(admin, "Off: recordings and acoustic measures only")
        counselor.goto(f"/patients/{stack.world['followed']}/")
        expect(counselor.locator("main")).to_contain_text("This clinic has switched voice scores off")
        expect(counselor.locator("main")).not_to_contain_text("0.72")
    finally:
        choose(admin, "On: scores are made and shown")


def choose(page: Page, policy: str) -> None:
    page.get_by_label(policy).check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("The policy was saved.")


def test_without_consent_there_is_no_drop_zone(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['closed']}/")
    expect(page.locator("#upload")).to_contain_text("There is no consent to voice analysis on file.")
    expect(page.locator("[data-drop]")).to_have_count(0)


def test_staff_add_a_patient_without_being_asked_for_a_consent_that_is_out_of_sight(sign_in: SignIn) -> None:
    page = sign_in("staff")
    page.get_by_role("link", name="Add a patient").click()
    expect(page.get_by_label("Version of the text")).to_be_hidden()
    page.get_by_label("The clinic’s number for this patient").fill("W-4711")
    page.get_by_label("Given name").fill("Nora")
    page.get_by_label("Family name").fill("New")
    page.get_by_label("Alice").check()
    page.get_by_role("button", name="Add patient").click()
    expect(page.get_by_role("heading", name="Nora New")).to_be_visible()
    page.get_by_role("link", name="record the patient’s consent").click()
    expect(page.get_by_label("Version of the text")).to_be_visible()


def test_signing_out_leaves_nothing_behind_the_back_button(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['followed']}/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    page.go_back()
    page.wait_for_url("**/sign-in/**")


def test_further_patients_join_the_list_and_the_label_stays_beside_it(sign_in: SignIn) -> None:
    page = sign_in("busy counselor")
    page.get_by_role("button", name="Show more patients").click()
    expect(page.get_by_role("link", name="Zoe Zander")).to_be_visible()
    expect(page.locator("#caseload > #caseload-labels .provenance")).to_have_count(1)
    expect(page.get_by_role("button", name="Show more patients")).to_have_count(0)


def test_a_page_that_nobody_looks_at_asks_for_no_news(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['waiting']}/")
    with page.expect_response(ASKS):
        pass
    asked: list[str] = []
    page.evaluate(LOOK, True)
    page.wait_for_timeout(200)
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []
    with page.expect_response(ASKS, timeout=900):
        page.evaluate(LOOK, False)


def test_what_a_page_asks_by_the_clock_is_marked_as_nobodys_doing(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("counselor")
    with page.expect_request(ASKS) as asked:
        page.goto(f"/patients/{stack.world['waiting']}/")
    assert asked.value.headers["x-repeated"] == "true"


IDLE = """
import os, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
from django.contrib.sessions.models import Session
from accounts.sessions import SessionStore
for row in Session.objects.all():
    store = SessionStore(row.session_key)
    if "seen_at" in store:
        store["seen_at"] -= {minutes} * 60
        store.save()
"""


def test_who_does_nothing_is_warned_may_stay_and_is_signed_out_at_last(
    stack: Stack, sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in("counselor")
    page.clock.install()
    page.reload()
    notice = page.locator("[data-idle]")
    stack.run("-c", IDLE.format(minutes=14.2))
    page.clock.fast_forward("14:05")
    expect(notice).to_contain_text("You will be signed out in a minute")
    page.get_by_role("button", name="Stay signed in").click()
    expect(notice).to_be_hidden()
    stack.run("-c", IDLE.format(minutes=15.1))
    page.clock.fast_forward("14:05")
    # The page leaves by its own clock or with the next answer that it waits for; the second of them ends the first.
    expect(page).to_have_url(re.compile("/sign-in/$"))
    # What was asked as the clock was put forward has taken a quarter of an hour.
    ours = ("status of 401", "htmx:error: timeout")
    complaints[:] = [one for one in complaints if not any(words in one for words in ours)]


def test_a_refusal_is_said_and_not_called_a_silent_server(stack: Stack, sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in("counselor")
    note, refused = page.locator("[data-connection]"), page.locator("[data-refused]")
    for status, silent in ((404, False), (403, False), (503, True), (204, False)):
        page.route(ASKS, answered(status))
        page.goto(f"/patients/{stack.world['waiting']}/")
        with page.expect_response(ASKS):
            pass
        expect(note).to_be_visible() if silent else expect(note).to_be_hidden()
        expect(refused).to_be_visible() if 400 <= status < 500 else expect(refused).to_be_hidden()
        page.unroute(ASKS)
    page.close()
    complaints[:] = [one for one in complaints if "status of" not in one]


def answered(status: int) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status)
