"""Bodies, filters and addresses that nobody sends by mistake: a sentence and a 4xx, never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app.models import Patient
from tests.pages import signed_in, text
from tests.security.comers import belongings
from tests.security.every import Asker, taking
from tests.security.routes import routes
from tests.sessions_app.api.client import as_
from tests.world import World

FORM, JSON, MULTIPART = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x"

BODIES = {
    "nothing": (JSON, b""),
    "half an object": (JSON, b'{"patient": '),
    "no object": (JSON, b"[1, 2]"),
    "a number": (JSON, b"1e999"),
    "nested": (JSON, b"[" * 100_000),
    "nested objects": (JSON, b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "no UTF-8": (JSON, b'{"reference": "\xff\xfe"}'),
    "NUL": (JSON, json.dumps(dict.fromkeys(("reference", "given_name", "family_name", "session"), "a\0b")).encode()),
    "surrogate": (
        JSON,
        b'{"reference": "\\ud800", "given_name": "\\ud800", "family_name": "x", "care_team": ["\\ud800"]}',
    ),
    "wrong types": (JSON, b'{"reference": {}, "given_name": [], "care_team": {"a": 1}, "patient": {}, "held_at": []}'),
    "10 MB": (JSON, b'{"reference": "' + b"x" * 10_000_000 + b'"}'),
    "10 MB of form": (FORM, b"text=" + b"x" * 10_000_000),
    "too many fields": (FORM, b"&".join(b"a%d=1" % n for n in range(5000))),
    "NUL in a form": (FORM, b"text=a%00b&reference=a%00b&given_name=%00&family_name=%00&person=%00&job=%00&policy=%00"),
    "no UTF-8 in a form": (FORM, b"text=%ff%fe&reference=%ff&held_at=%ff&after=%ff&password=%ff&username=%ff"),
    "no boundary": ("multipart/form-data", b"--x\r\n\r\n"),
    "junk": (MULTIPART, b"\x00\xff" * 1000),
    "half a part": (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF'),
    "a strange name": (
        MULTIPART,
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../\x00\xff.wav"\r\n\r\nRIFF\r\n--x--\r\n',
    ),
    "no length": (MULTIPART, b"--x\r\nContent-Disposition: form-data\r\nContent-Length: -5\r\n\r\n\r\n--x--\r\n"),
    "XML": ("application/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    "an unknown kind": ("application/x-nobody-knows; charset=nonsense", b"x"),
}

HOSTILE = [
    "' OR 1=1 --",
    "'; DROP TABLE accounts_user; --",
    '"',
    "\\",
    "%",
    "_",
    "a\0b",
    "$$",
    "{{7*7}}",
    "../../etc/passwd",
    "٣",
    "-1",
    "1e999",
    "\ud800",
    "9" * 400,
    "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
]


@pytest.fixture
def ids(world: World) -> dict[str, str]:
    return belongings(world)[0].ids


def says_so(response: Any) -> bool:
    """Whether an error is one sentence for whoever asked."""
    if response.headers["Content-Type"] == "application/problem+json":
        return bool(response.json()["detail"])
    return "<h1" in response.content.decode() or "<form" in response.content.decode()


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_cannot_be_used_is_said_to_be_so(world: World, ids: dict[str, str], name: str) -> None:
    kind, body = BODIES[name]
    for asker in (Asker(world.alice), Asker(world.ada)):
        for route in taking("POST"):
            with transaction.atomic():
                response = asker.ask("POST", route, ids, body, kind)
                transaction.set_rollback(True)
            assert response.status_code < 500, route
            assert response.status_code < 400 or response.status_code == 405 or says_so(response), route


FILTERS = {
    "/api/v1/patients": ("search", "cursor", "page_size"),
    "/api/v1/sessions": ("patient", "held_after", "held_before", "cursor", "page_size"),
    "/api/v1/recordings": ("patient", "session", "cursor", "page_size"),
    "/api/v1/analyses": ("patient", "session", "cursor", "page_size"),
}


def quoted(value: str) -> str:
    from urllib.parse import quote

    return quote(value.encode(errors="surrogatepass"))


@pytest.mark.parametrize("value", HOSTILE)
def test_no_filter_of_the_api_is_broken_by_what_it_is_given(world: World, value: str) -> None:
    client = as_(world.alice)
    client.raise_request_exception = False
    for address, names in FILTERS.items():
        for name in names:
            response = client.get(f"{address}?{name}={quoted(value)}")
            assert response.status_code in {200, 400}, (address, name, response.status_code)


PAGES = {
    "/": ("text", "after", "seen"),
    "/clinic/access-log/": ("person", "action", "purpose", "patient", "since", "until", "refused", "after"),
    "/clinic/access-log/export/": ("person", "action", "purpose", "patient", "since", "until", "refused", "after"),
    "/clinic/policy/": ("policy",),
    "/patients/new/": ("reference", "given_name", "care_team", "consent-given_on", "consent-text_version"),
    "/account/password/": ("old_password", "new_password1", "new_password2"),
}


@pytest.mark.parametrize("value", [*HOSTILE[:-4], "9" * 400, "0001-01-01", "9999-12-31", "20260-01-01"])
def test_no_field_of_a_page_is_broken_by_what_it_is_given(world: World, value: str) -> None:
    pages = PAGES | {
        f"/patients/{world.alices_patient.id}/correct/": ("reference", "given_name", "initial-family_name")
    }
    for user in (world.alice, world.ada):
        client = signed_in(user)
        client.raise_request_exception = False
        for address, names in pages.items():
            for name in names:
                response = client.post(address, {name: value.replace("\ud800", "?"), "with_consent": "on"})
                assert response.status_code < 500, (address, name)


@pytest.mark.parametrize("value", HOSTILE)
def test_no_address_is_broken_by_what_stands_in_the_place_of_an_id(
    world: World, ids: dict[str, str], value: str
) -> None:
    asker = Asker(world.alice)
    for route in routes():
        for name in route.parameters:
            path = route.template % {**ids, name: quoted(value)}
            # That of whose method it is may be said before anybody looks for the object.
            assert asker.at(route).get(path).status_code in {404, 405}, path


def test_what_is_searched_for_is_text_and_no_pattern(world: World) -> None:
    for everything in ("%", "_", "%%", "' OR ''='", "\\", ".*"):
        found = as_(world.alice).post("/api/v1/patients/search", {"search": everything}, format="json")
        assert found.json()["results"] == []
        assert "Alder" not in text(signed_in(world.alice).post("/", {"text": everything}))


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=80), number=st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_whatever_is_searched_for_only_the_own_patients_are_found(world: World, words: str, number: str) -> None:
    sent = json.dumps({"search": words})
    found = as_(world.alice).post("/api/v1/patients/search", sent, content_type="application/json")
    assert found.status_code in {200, 400}
    assert {row["id"] for row in found.json().get("results", [])} <= {str(world.alices_patient.id)}
    page = signed_in(world.alice).post("/", {"text": number})
    assert page.status_code == 200
    assert "Birch" not in page.content.decode()
    assert set(Patient.objects.visible_to(world.alice).search(number.replace("\0", ""))) <= {world.alices_patient}
