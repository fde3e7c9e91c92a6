"""What somebody can change of their own account, and that an open screen is not enough for it."""

from __future__ import annotations

from importlib import import_module

from django.test import Client

from accounts.idle import BEGAN
from accounts.models import User
from accounts.needs import Ask
from tests.accounts.factors import with_app
from tests.accounts.security_key import SecurityKey
from tests.pages import signed_in, text
from tests.security.comers import belongings
from tests.security.every import taking
from tests.security.routes import routes
from tests.world import World

NEW = "seven green umbrellas"

ANSWERED_OTHERWISE = {
    "account_change_password": "asks for the present password itself",
    "account_reauthenticate": "is where it is confirmed",
    "mfa_reauthenticate": "is where it is confirmed",
    "mfa_reauthenticate_webauthn": "is where it is confirmed",
    "counselor-voice-delete": "is about no way to sign in",
    "language": "is about no way to sign in",
}
"""Pages of one's own account that do not ask again who somebody is, and why not."""

OFFERED = {
    *("account_login", "account_logout", "account_reauthenticate", "account_change_password"),
    *("account_reset_password", "account_confirm_password_reset_code", "account_complete_password_reset"),
    *("mfa_authenticate", "mfa_login_webauthn", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_index"),
    *("mfa_activate_totp", "mfa_deactivate_totp", "mfa_add_webauthn", "mfa_remove_webauthn"),
    *("mfa_view_recovery_codes", "mfa_generate_recovery_codes"),
}
"""The pages of allauth that exist here. One that sets a password for an account without one is none of them."""


def a_while_ago(user: User) -> Client:
    """Somebody who signed in longer ago than is taken for having just done so."""
    client = signed_in(user)
    session = client.session
    session[BEGAN] -= 3600
    session.save()
    return client


def test_whatever_changes_ones_own_account_asks_again_who_it_is(world: World) -> None:
    SecurityKey().given_to(with_app(world.alice))
    ids, asked = belongings(world)[0].ids, set()
    for route in taking("POST", api=False):
        if (route.needs or {})["POST"] is not Ask.SIGN_IN or not route.template.startswith("/account/"):
            continue
        asked.add(route.name)
        # An app is added by who has none, and removed by who has one.
        user = world.bob if route.name == "mfa_activate_totp" else world.alice
        answer = a_while_ago(user).post(route.path(ids))
        is_asked = answer.status_code == 302 and answer.headers["Location"].startswith("/account/confirm/")
        assert is_asked != (route.name in ANSWERED_OTHERWISE), route
    assert set(ANSWERED_OTHERWISE) < asked <= OFFERED | set(ANSWERED_OTHERWISE) | {"api-token", "device-end"}
    assert {
        "api-token",
        "device-end",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_remove_webauthn",
        "mfa_generate_recovery_codes",
    } < asked


def test_no_page_of_allauth_is_there_that_nobody_has_looked_at() -> None:
    theirs = set()
    for app in ("account", "mfa", "usersessions"):
        theirs |= _names(import_module(f"allauth.{app}.urls").urlpatterns)
    ours = {route.name for route in routes()}
    assert "account_set_password" in theirs
    assert theirs & ours == OFFERED


def _names(patterns: object) -> set[str]:
    found = set()
    for pattern in patterns:  # type: ignore[attr-defined]
        found |= _names(pattern.url_patterns) if hasattr(pattern, "url_patterns") else {pattern.name}
    return found


def test_an_account_without_a_password_is_not_given_one_by_whoever_sits_at_its_screen(world: World) -> None:
    SecurityKey().given_to(world.alice)
    world.alice.set_unusable_password()
    world.alice.save()
    client = signed_in(world.alice)
    assert "This account has no password." in text(client.get("/account/password/"))
    for sent in ({"password1": NEW, "password2": NEW}, {"oldpassword": "", "password1": NEW, "password2": NEW}):
        assert "This account has no password." in text(client.post("/account/password/", sent))
    world.alice.refresh_from_db()
    assert not world.alice.has_usable_password()
