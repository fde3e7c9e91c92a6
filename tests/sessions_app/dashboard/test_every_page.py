"""What holds for every page: notices, the strict content policy, and nothing kept by browsers."""

from __future__ import annotations

import re

import pytest
from pytest_django import Settings

from inference.models import Worker
from sessions_app import notes
from sessions_app.models import NoteKind
from tests.pages import signed_in, text
from tests.world import QuestionnaireFactory, SessionFactory, World, analysed


@pytest.fixture
def pages(world: World) -> dict[str, str]:
    """Each kind of page with something on it, as HTML."""
    recording = analysed(SessionFactory(patient=world.alices_patient))
    QuestionnaireFactory(patient=world.alices_patient)
    counselor, admin = signed_in(world.alice), signed_in(world.ada)
    addresses = [
        "/",
        "/flags/",
        "/flags/put-away/",
        f"/patients/{world.alices_patient.id}/",
        f"/sessions/{recording.session_id}/",
    ]
    admission = ["/patients/new/", f"/patients/{world.alices_patient.id}/consents/withdraw/"]
    here = ("accesses", "changes", "export", "erase", "notes")
    admission += [f"/patients/{world.alices_patient.id}/{what}/" for what in here]
    note = notes.note_write(user=world.alice, patient=world.alices_patient, kind=NoteKind.PROGRESS, text="A note.")
    admission.append(f"/notes/{note.id}/")
    decisions = [f"/recordings/{recording.id}/{what}/" for what in ("delete", "remove-audio")]
    found = {
        address: counselor.get(address).content.decode()
        for address in [
            *addresses,
            "/account/api-token/",
            "/account/password/",
            "/account/voice/",
            "/account/devices/",
            "/account/second-factor/",
            "/account/second-factor/app/",
            "/account/second-factor/passkey/",
            "/emergency/",
            *admission,
            *decisions,
        ]
    }
    counselor.logout()
    return found | {
        "clinic": admin.get("/").content.decode(),
        "people": admin.get("/clinic/people/").content.decode(),
        "person": admin.get(f"/clinic/people/{world.alice.id}/").content.decode(),
        "operations": admin.get("/clinic/operations/").content.decode(),
        "access log": admin.get("/clinic/access-log/").content.decode(),
        "changes": admin.get("/clinic/changes/").content.decode(),
        "sign-in": counselor.get("/sign-in/").content.decode(),
        "lost": admin.get("/nowhere/").content.decode(),
    }


def test_no_page_holds_inline_script_style_or_handler(pages: dict[str, str]) -> None:
    for address, page in pages.items():
        assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|javascript:", page), address
        scripts = re.findall(r"<script\b([^>]*)>", page)
        assert scripts, address
        assert all("src=" in script or 'type="application/json"' in script for script in scripts), address


def test_every_answer_forbids_what_is_inline_and_what_comes_from_elsewhere(world: World) -> None:
    policy = signed_in(world.alice).get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_page_can_be_asked_for_without_its_body(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    patient = f"/patients/{world.alices_patient.id}/"
    client = signed_in(world.alice)
    for address in ("/", "/notices/", patient, f"{patient}course/", f"/sessions/{recording.session_id}/"):
        answer = client.head(address)
        assert (answer.status_code, answer.content) == (200, b""), address
    assert client.head(f"{patient}sessions/").status_code == 200
    for address in ("/clinic/operations/", "/clinic/access-log/"):
        assert signed_in(world.ada).head(address).status_code == 200


def test_no_page_says_that_somebody_is_depressed(pages: dict[str, str]) -> None:
    for page in pages.values():
        assert not re.search(r"\bdepressed\b", page, re.IGNORECASE)


def test_what_was_seen_is_not_kept_by_the_browser(world: World) -> None:
    assert signed_in(world.alice).get("/").headers["Cache-Control"] == "no-store"


def test_without_a_worker_every_page_says_so_and_what_to_do(world: World) -> None:
    page = text(signed_in(world.sam).get("/"))
    assert "No worker is running." in page
    assert "tell your clinic administrator" in page


def test_the_administrator_is_told_how_to_start_a_worker(world: World) -> None:
    assert "celery -A config worker" in text(signed_in(world.ada).get("/"))


def test_a_worker_without_its_model_is_said_too(world: World) -> None:
    Worker.objects.create(host="here", pid=1)
    page = text(signed_in(world.sam).get("/"))
    assert "No worker is running." not in page
    assert "The voice model is not loaded." in page


def test_a_worker_with_its_model_needs_no_notice(world: World) -> None:
    Worker.objects.create(host="here", pid=1, checkpoint_name="undertone-demo", checkpoint_version="1")
    page = text(signed_in(world.sam).get("/"))
    assert "No worker is running." not in page
    assert "not loaded" not in page


def test_a_synthetic_clinic_says_so_on_every_page(world: World) -> None:
    world.clinic.is_synthetic = True
    world.clinic.save()
    for address in ("/", f"/patients/{world.alices_patient.id}/", "/account/api-token/"):
        assert "Synthetic clinic: nobody shown here exists." in text(signed_in(world.alice).get(address))


def test_a_real_clinic_carries_no_such_line(world: World) -> None:
    assert "Synthetic" not in text(signed_in(world.alice).get("/"))


def test_a_broken_page_is_plain_and_gives_nothing_away(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("sessions_app.dashboard.views.home.caseload_page", broken)
    client = signed_in(world.alice)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "Something went wrong inside Undertone" in response.content.decode()
    assert "secret" not in response.content.decode()


def test_the_warning_asks_for_news_and_goes_when_a_worker_comes(world: World) -> None:
    client = signed_in(world.sam)
    assert 'hx-get="/notices/" hx-trigger="every 5s"' in client.get("/").content.decode()
    Worker.objects.create(host="here", pid=1, checkpoint_name="undertone-demo", checkpoint_version="1")
    notice = client.get("/notices/").content.decode()
    assert "No worker" not in notice
    assert "hx-get" not in notice
