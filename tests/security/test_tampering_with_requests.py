"""Requests that claim to be others: more fields, another method, another host, another person's session."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session as DjangoSession
from django.shortcuts import resolve_url
from django.test import Client

from accounts.models import AccessLogEntry, Clinic, Role, User
from inference.models import AnalysisJob, Worker
from sessions_app import notes
from sessions_app.models import Consent, NoteKind, Patient, Recording, Session
from tests.pages import signed_in
from tests.security.comers import belongings
from tests.security.every import Asker, taking
from tests.sessions_app.api.client import as_, sound
from tests.world import PASSWORD, SessionFactory, World, analysed

EVIL = "evil.example"


def sign_in(client: Client, user: User, address: str = "", **more: str) -> Any:
    return client.post(
        address or resolve_url(settings.LOGIN_URL), {"username": user.email, "password": PASSWORD} | more
    )


# --- More fields than the form has


def foreign(world: World) -> dict[str, str]:
    """What somebody might add to any form."""
    return {
        "id": str(uuid4()),
        "clinic": str(world.mallory.clinic_id),
        "clinic_id": str(world.mallory.clinic_id),
        "tenant": str(world.mallory.clinic_id),
        "role": Role.ADMIN,
        "is_active": "",
        "created_at": "2001-01-01T00:00:00Z",
        "created_by": str(world.bob.id),
        "taken_by": str(world.bob.id),
        "consent-taken_by": str(world.bob.id),
        "consent-patient": str(world.bobs_patient.id),
        "consent-withdrawn_at": "2001-01-01T00:00:00Z",
        "uploaded_by": str(world.bob.id),
        "sha256": "ab" * 32,
        "size": "1",
        "state": "succeeded",
        "job": str(uuid4()),
        "analysis": str(uuid4()),
    }


def test_a_new_patient_takes_no_clinic_or_id_from_the_form(world: World) -> None:
    more, name = foreign(world), {"reference": "N-1", "given_name": "New", "family_name": "Person"}
    given = {
        "with_consent": "on",
        "consent-given_on": "2026-01-02",
        "consent-text_version": "1",
        "consent-recording": "on",
        "consent-method": "paper",
    }
    assert signed_in(world.alice).post("/patients/new/", more | name | given).status_code == 302
    patient = Patient.objects.get(reference="N-1")
    assert (patient.clinic, set(patient.care_team.all())) == (world.clinic, {world.alice})
    assert str(patient.id) != more["id"]
    consent = Consent.objects.get(patient=patient)
    assert (consent.taken_by, consent.withdrawn_at) == (world.alice, None)


def test_a_new_patient_of_the_api_takes_no_clinic_or_id_either(world: World) -> None:
    more, name = foreign(world), {"reference": "N-2", "given_name": "New", "family_name": "Person"}
    assert as_(world.alice).post("/api/v1/patients", more | name, format="json").status_code == 201
    patient = Patient.objects.get(reference="N-2")
    assert (patient.clinic_id, str(patient.id) == more["id"], patient.created_at.year > 2001) == (
        world.clinic.id,
        False,
        True,
    )


def test_a_correction_changes_name_and_number_and_nothing_else(world: World) -> None:
    more, patient = foreign(world), world.alices_patient
    page = {"reference": "N-3", "given_name": "New", "family_name": "Person", "care_team": str(world.bob.id)}
    assert signed_in(world.alice).post(f"/patients/{patient.id}/correct/", more | page).status_code == 302
    answer = as_(world.alice).patch(f"/api/v1/patients/{patient.id}", more | {"reference": "N-4"}, format="json")
    assert answer.status_code == 200
    now = Patient.objects.get(id=patient.id)
    assert (now.reference, now.clinic, now.created_at) == ("N-4", world.clinic, patient.created_at)
    assert set(now.care_team.all()) == {world.alice}


def test_a_new_session_is_its_makers(world: World) -> None:
    more, what = foreign(world), {"patient": str(world.alices_patient.id), "held_at": "2026-03-02T09:00:00Z"}
    answer = as_(world.alice).post("/api/v1/sessions", more | what, format="json")
    assert answer.status_code == 201
    session = Session.objects.get(id=answer.json()["id"])
    assert (session.created_by, str(session.id) == more["id"]) == (world.alice, False)


def test_an_upload_takes_no_state_or_checksum_from_the_form(world: World) -> None:
    session = SessionFactory(patient=world.alices_patient)
    form: dict[str, Any] = foreign(world) | {"session": str(session.id), "file": sound()}
    answer = as_(world.alice).post("/api/v1/recordings", form)
    assert answer.status_code == 202, answer.content
    recording = Recording.objects.get()
    assert (recording.uploaded_by, recording.job.state, recording.analysis) == (world.alice, "queued", None)
    assert recording.job.tenant == world.clinic.id
    assert (recording.sha256 == "ab" * 32, recording.size == 1) == (False, False)


def test_nobody_gives_themselves_a_role_or_another_clinic(world: World) -> None:
    client = signed_in(world.sam)
    for route in taking("POST", api=False):
        if not route.parameters and "sign-out" not in route.template:
            client.post(route.template, foreign(world))
    world.sam.refresh_from_db()
    assert (world.sam.role, world.sam.clinic, world.sam.is_active) == (Role.STAFF, world.clinic, True)


def test_the_policy_of_another_clinic_cannot_be_set(world: World) -> None:
    signed_in(world.ada).post("/clinic/policy/", foreign(world) | {"policy": "off"})
    assert Clinic.objects.get(id=world.mallory.clinic_id).affect_policy == "on"


# --- Another method, another address


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_is_what_the_request_line_says(world: World, header: str) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    page, program = signed_in(world.alice), as_(world.alice)
    claim: dict[str, Any] = {"headers": {header: "DELETE"}}
    program.get(f"/api/v1/recordings/{recording.id}?_method=DELETE", **claim)
    program.post(f"/api/v1/recordings/{recording.id}", {"_method": "DELETE"}, **claim)
    page.get(f"/recordings/{recording.id}/delete/?_method=POST", headers={header: "POST"})
    assert Recording.objects.filter(id=recording.id).exists()


@pytest.mark.parametrize("header", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Forwarded-Path"])
def test_an_address_is_what_the_request_line_says(world: World, header: str) -> None:
    response = signed_in(world.sam).get("/notices/", headers={header: "/clinic/access-log/"})
    assert b"access log" not in response.content.lower()


@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/.git/config",
        "/.env",
        "/manage.py",
        "/media/recordings/",
        "/recordings/",
        "/patients/",
        "/static/../manage.py",
        "/static/%2e%2e/manage.py",
        "/static/..%2fmanage.py",
        "/static//etc/passwd",
        "/api/v1/users",
        "/api/v1/clinics",
        "/api/v2/patients",
        "/api/v1/../../patients/",
        "/server-status",
        "/__debug__/",
    ],
)
def test_there_is_nothing_beside_the_routes(world: World, address: str) -> None:
    for user in (world.alice, world.ada):
        assert signed_in(user).get(address).status_code == 404


# --- Another host, another sender


@pytest.mark.parametrize(
    "host", [EVIL, f"testserver.{EVIL}", f"testserver@{EVIL}", f"testserver:80@{EVIL}", "", "a b", "["]
)
def test_a_host_that_is_not_ours_is_refused(world: World, host: str) -> None:
    for address in ("/", "/sign-in/", "/api/v1/patients"):
        response = signed_in(world.alice).get(address, headers={"Host": host})
        assert response.status_code == 400, address
        assert EVIL not in response.content.decode()


def test_a_forwarded_host_is_not_believed(world: World) -> None:
    claims = {"X-Forwarded-Host": EVIL, "X-Forwarded-Server": EVIL, "X-Host": EVIL, "Forwarded": f"host={EVIL}"}
    listed = as_(world.alice).get("/api/v1/patients", headers=claims)
    assert listed.json()["results"]
    assert EVIL not in listed.content.decode()
    assert EVIL not in str(signed_in(world.alice).get("/sign-in/", headers=claims).headers)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Client-IP", "True-Client-IP", "Forwarded"])
def test_a_forwarded_address_is_not_believed(world: World, header: str) -> None:
    signed_in(world.alice).get("/", headers={header: "198.51.100.7"})
    entry = AccessLogEntry.objects.first()
    assert entry is not None
    assert entry.address == "127.0.0.1"


def test_a_header_does_not_make_a_connection_safe(world: World, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = signed_in(world.alice).get("/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on"})
    assert (response.status_code, response.headers["Location"]) == (301, "https://testserver/")


# --- Another person's session, another site's form


def test_signing_in_gives_a_new_session_and_ends_the_one_before(world: World) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "chosen-by-somebody-else"
    sign_in(client, world.alice)
    first = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert first != "chosen-by-somebody-else"
    client.post("/sign-out/")
    assert not DjangoSession.objects.filter(session_key=first).exists()
    stolen = Client()
    stolen.cookies[settings.SESSION_COOKIE_NAME] = first
    assert stolen.get("/").status_code == 302


def test_an_anonymous_session_does_not_become_somebodys(world: World) -> None:
    client = Client()
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    planted = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = planted
    sign_in(client, world.alice)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted
    other = Client()
    other.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert other.get("/").status_code == 302


@pytest.mark.parametrize(
    "target",
    [f"https://{EVIL}/", f"//{EVIL}/", f"/\\{EVIL}", f"\\\\{EVIL}", f"http:{EVIL}", "javascript:alert(1)", f"///{EVIL}",
     f"https:///{EVIL}", f"\t//{EVIL}", f"https://testserver@{EVIL}/", "data:text/html,x"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(world: World, target: str) -> None:
    client = Client()
    answer = sign_in(client, world.alice, next=target)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    again = client.get(resolve_url(settings.LOGIN_URL), {"next": target})
    assert EVIL not in again.headers.get("Location", "")
    assert client.post("/sign-out/", {"next": target}).headers["Location"] == resolve_url(settings.LOGIN_URL)


def test_no_page_takes_a_form_of_another_site(world: World) -> None:
    ids = belongings(world)[0].ids
    for asker in (Asker(world.alice, enforce_csrf_checks=True), Asker(world.ada, enforce_csrf_checks=True)):
        for route in taking("POST", api=False):
            response = asker.ask("POST", route, ids)
            assert response.status_code == 403, route
            assert "reload" in response.content.decode().lower() or "again" in response.content.decode().lower()


def test_the_api_takes_a_session_only_with_the_token_of_a_form(world: World) -> None:
    ids = belongings(world)[0].ids
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(world.alice).cookies
    for route in taking("POST", api=True):
        response = client.post(route.path(ids), {}, content_type="application/json")
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied"), route


def test_a_switched_off_account_has_neither_token_nor_session(world: World) -> None:
    page, program = signed_in(world.alice), as_(world.alice)
    User.objects.filter(id=world.alice.id).update(is_active=False)
    assert page.get("/").status_code == 302
    assert program.get("/api/v1/patients").status_code == 401
    browser = Client()
    sign_in(browser, world.alice)
    assert browser.get("/").status_code == 302


# --- Text that would be more than text

MARK = "zqx"
SCRIPT = f"\"'><script>{MARK}</script><img src=x onerror={MARK}>{{{{7*7}}}}"


@pytest.fixture
def poisoned(world: World) -> dict[str, str]:
    """Every text that is stored says more than text; the ids of what belongs to Alice's patient."""
    found = belongings(world)[0]
    patients = Patient.objects.filter(id=world.alices_patient.id)
    patients.update(reference=SCRIPT[:32], given_name=SCRIPT, family_name=SCRIPT)
    Clinic.objects.filter(id=world.clinic.id).update(name=SCRIPT[:120])
    User.objects.filter(clinic=world.clinic).update(display_name=SCRIPT[:120])
    Consent.objects.filter(patient=world.alices_patient).update(text_version=SCRIPT[:32])
    Recording.objects.update(original_name=SCRIPT)
    AnalysisJob.objects.update(checkpoint=SCRIPT[:64], error_message=SCRIPT)
    for kind in NoteKind:
        note = notes.note_write(user=world.alice, patient=world.alices_patient, kind=kind, text=SCRIPT)
        found.ids["note_id"] = str(note.id)
    Worker.objects.create(host=SCRIPT[:100], pid=1, checkpoint_name=SCRIPT[:50], checkpoint_version="1")
    return found.ids


def test_no_stored_text_becomes_part_of_a_page(world: World, poisoned: dict[str, str]) -> None:
    shown = 0
    for user in (world.alice, world.sam, world.ada):
        asker = Asker(User.objects.get(id=user.id))
        for route in taking("GET", api=False):
            page = asker.ask("GET", route, poisoned)
            content = page.content.decode(errors="replace") if not page.streaming else ""
            shown += MARK in content
            assert f"<script>{MARK}" not in content, route
            assert f"<img src=x onerror={MARK}" not in content, route
            assert "{{7*7}}" in content or "49" not in content or MARK not in content, route
    assert shown > 10


def test_the_api_answers_as_json_that_no_browser_takes_for_a_page(world: World, poisoned: dict[str, str]) -> None:
    asker = Asker(world.alice)
    for route in taking("GET", api=True):
        answer = asker.ask("GET", route, poisoned)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if MARK in answer.content.decode():
            assert answer.headers["Content-Type"] == "application/json", route
