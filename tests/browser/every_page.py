"""Every page that people can open, taken from the resolver, so that a new one cannot be forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from accounts.models import Role
from accounts.needs import Ask, actions_in
from accounts.policy import ALLOWED
from tests.security.routes import Route, routes

NOT_PAGES = {
    "session-left": "a number for a script",
    "system-notice": "a part of each page",
    "patient-course": "a part of the patient's page",
    "patient-sessions": "a part of the patient's page",
    "recording-progress": "a part of the session's page",
    "consent-record": "leads to the patient's page, where its form is",
    "recording-audio": "sound",
    "patient-report": "a file to be saved",
    "patient-measure": "numbers for the chart",
    "mfa_login_webauthn": "what a script asks before it signs somebody in",
    "api:": "sends on to the page without the last stroke",
}
"""Routes that answer a browser's GET with something else than a page of their own, by name."""

STEP_BY_STEP = {
    "mfa_authenticate": "after the password, of somebody with a second factor",
    "account_confirm_password_reset_code": "after an address was given",
    "account_complete_password_reset": "after the code that was mailed",
    "invitation": "after a link was followed",
    "mfa_reauthenticate": "for who has an authenticator app",
    "mfa_reauthenticate_webauthn": "for who has a passkey",
    "mfa_deactivate_totp": "for who has an authenticator app",
    "mfa_view_recovery_codes": "for who has recovery codes",
    "mfa_generate_recovery_codes": "for who has a second factor",
    "mfa_remove_webauthn": "for who has a passkey",
}
"""Pages that open only to somebody who has done something before, by name; a test must go there by hand."""

OF_COUNSELORS = {"counselor-voice"}
"""Pages that are declared open to whoever has signed in, and show nothing to who never was a counselor."""

ROLES = {"counselor": Role.COUNSELOR, "staff": Role.STAFF, "admin": Role.ADMIN}
"""Who signs in to look at pages, as the browser tests' world calls them."""


def page_routes() -> Iterator[Route]:
    """The routes that are pages."""
    for route in routes():
        is_page = not route.is_api or route.name == "api:docs"
        if route.name and is_page and "GET" in (route.needs or {}) and route.name not in NOT_PAGES:
            yield route


def is_open_to(route: Route, role: Role | None) -> bool:
    """Whether somebody of ``role``, or who has not signed in (``None``), may open it with nothing done before."""
    need = (route.needs or {})["GET"]
    if route.name in STEP_BY_STEP:
        return False
    if role is None or need is Ask.NOTHING:
        return role is None and need is Ask.NOTHING
    if route.name in OF_COUNSELORS:
        return role == Role.COUNSELOR
    return need is Ask.SIGN_IN or any(action in ALLOWED[role] for action in actions_in(need))


def pages_of(role: Role | None, ids: Mapping[str, str]) -> dict[str, str]:
    """The address of each page that is open to ``role``, by its route's name; ``ids`` fill the places in addresses."""
    return {route.name: route.path(dict(ids)) for route in page_routes() if is_open_to(route, role)}
