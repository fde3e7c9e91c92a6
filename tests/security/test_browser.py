"""What browsers are told: strict policies, cookies that travel nowhere else, and nothing kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from config.embedded import REPOSITORY
from tests.config.test_production import SOUND
from tests.pages import signed_in
from tests.sessions_app.api.client import as_
from tests.world import PASSWORD, SessionFactory, World, analysed

ASKED = """
import json, django
django.setup()
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in dir(settings)
    if name.startswith(("SECURE_", "SESSION_COOKIE", "CSRF_COOKIE", "SILENCED"))}, default=str))
"""


@pytest.fixture(scope="module")
def production() -> dict[str, Any]:
    """The settings of the browser as they are in production."""
    environment = os.environ | SOUND | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    printed = subprocess.check_output([sys.executable, "-c", ASKED], cwd=REPOSITORY, env=environment, text=True)
    return json.loads(printed)


def policy(response: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in response.headers["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in parts}


def test_the_content_policy_names_all_that_is_allowed_and_forbids_the_rest(world: World) -> None:
    found = policy(signed_in(world.alice).get("/"))
    assert found.pop("img-src") == ["'self'", "data:"]
    nothing = {name for name, sources in found.items() if sources == ["'none'"]}
    assert nothing == {"default-src", "object-src", "base-uri", "frame-ancestors"}
    assert all(sources == ["'self'"] for name, sources in found.items() if name not in nothing)


def test_a_nonce_is_named_by_the_page_of_a_session_alone_and_for_styles_alone(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    found = policy(signed_in(world.alice).get(f"/sessions/{recording.session_id}/"))
    own, nonce = found.pop("style-src")
    assert (own, nonce[:7]) == ("'self'", "'nonce-")
    assert not [name for name, sources in found.items() if any("nonce" in source for source in sources)]


def test_nothing_is_only_reported(client: Client, db: None) -> None:
    response = client.get("/sign-in/")
    assert "Content-Security-Policy-Report-Only" not in response.headers
    assert not {"report-uri", "report-to"} & set(policy(response))


def test_pages_and_answers_of_the_api_are_not_kept(world: World) -> None:
    address = f"{world.alices_patient.id}"
    for response in (
        signed_in(world.alice).get(f"/patients/{address}/"),
        as_(world.alice).get(f"/api/v1/patients/{address}"),
        signed_in(world.bob).get(f"/patients/{address}/"),
        Client().get("/sign-in/"),
        Client(enforce_csrf_checks=True).post("/sign-in/"),
    ):
        assert "no-store" in response.headers["Cache-Control"], response.status_code


def test_the_sign_in_cookies_cannot_be_read_by_scripts_or_sent_by_other_sites(world: World) -> None:
    client = Client()
    client.get("/sign-in/")
    client.post("/sign-in/", {"username": world.alice.email, "password": PASSWORD})
    assert {"csrftoken", "sessionid"} <= set(client.cookies)
    for cookie in client.cookies.values():
        assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", ""), cookie.key


def test_in_production_cookies_belong_to_this_host_and_https(production: dict[str, Any]) -> None:
    assert production["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert production["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert production["SESSION_COOKIE_SECURE"] is production["CSRF_COOKIE_SECURE"] is True


def test_in_production_browsers_are_told_to_stay_with_https(production: dict[str, Any]) -> None:
    assert production["SECURE_SSL_REDIRECT"] is True
    assert production["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert production["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is production["SECURE_HSTS_PRELOAD"] is True


def test_no_check_of_security_is_silenced(production: dict[str, Any]) -> None:
    assert not [check for check in production["SILENCED_SYSTEM_CHECKS"] if check.startswith("security")]
