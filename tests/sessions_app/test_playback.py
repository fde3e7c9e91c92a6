"""Hearing a recording: for counselors of its care team, in parts, never kept, and written down once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccessLogEntry, User
from sessions_app import playback, recordings, uploads
from sessions_app.dashboard.byte_ranges import Unsatisfiable, byte_range
from sessions_app.models import Consent, Recording
from tests.pages import signed_in, text
from tests.sound import SPEECH
from tests.world import SessionFactory, World

pytestmark = [
    pytest.mark.django_db,
    # The test client is no server that asks for one part after the other.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators"),
]

CONTENT = SPEECH.read_bytes()


@pytest.fixture
def recording(world: World, settings: Settings, tmp_path: Path) -> Recording:
    settings.MEDIA_ROOT = tmp_path
    session = SessionFactory(patient=world.alices_patient)
    upload = SimpleUploadedFile("monday.opus", CONTENT)
    return uploads.recording_add(user=world.sam, session=session, upload=upload)


def heard(user: User, recording: Recording, part: str = "") -> Any:
    headers = {"Range": part} if part else {}
    return signed_in(user).get(f"/recordings/{recording.id}/audio/", headers=headers)


def rows() -> list[tuple[Any, ...]]:
    return list(AccessLogEntry.objects.filter(action="listen").values_list("actor_id", "object_id", "allowed"))


def test_a_counselor_of_the_care_team_hears_all_of_it(world: World, recording: Recording) -> None:
    answer = heard(world.alice, recording)
    assert answer.headers["Content-Disposition"] == 'inline; filename="recording"'
    assert (answer.status_code, b"".join(answer)) == (200, CONTENT)
    assert answer["Content-Length"] == str(len(CONTENT))
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Type"] == "audio/ogg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"


def test_a_part_is_sent_as_it_was_asked_for(world: World, recording: Recording) -> None:
    answer = heard(world.alice, recording, "bytes=100000-100099")
    assert (answer.status_code, b"".join(answer)) == (206, CONTENT[100_000:100_100])
    assert answer["Content-Range"] == f"bytes 100000-100099/{len(CONTENT)}"
    assert answer["Content-Length"] == "100"


def test_a_part_behind_the_end_is_refused_with_the_length(world: World, recording: Recording) -> None:
    answer = heard(world.alice, recording, f"bytes={len(CONTENT)}-")
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-", range(10)),
        ("bytes=3-", range(3, 10)),
        ("bytes=3-5", range(3, 6)),
        ("bytes=3-99", range(3, 10)),
        ("bytes=9-9", range(9, 10)),
        ("bytes=-4", range(6, 10)),
        ("bytes=-40", range(10)),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-3", None),
        ("bytes=0-1,3-4", None),
        ("bytes=a-b", None),
        ("bytes=²-", None),
        ("lines=0-3", None),
        (f"bytes={'9' * 5000}-", None),
    ],
)
def test_what_a_range_means(header: str, wanted: range | None) -> None:
    assert byte_range(header, 10) == wanted


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999999999999999999-"])
def test_a_range_with_no_byte_in_it(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        byte_range(header, 10)


@pytest.mark.parametrize(
    ("who", "status"), [("bob", 404), ("mallory", 404), ("sam", 403), ("ada", 403), ("robot", 403)]
)
def test_nobody_else_hears_it_and_each_try_is_written_down(
    world: World, recording: Recording, who: str, status: int
) -> None:
    user = getattr(world, who)
    answer = heard(user, recording)
    assert answer.status_code == status
    refused = AccessLogEntry.objects.filter(actor_id=user.id, allowed=False).get()
    assert refused.action == ("read" if status == 404 else "listen")
    assert "listen" not in {row.action for row in AccessLogEntry.objects.filter(allowed=True)}


def test_who_has_not_signed_in_is_asked_to(client: Any, recording: Recording) -> None:
    assert client.get(f"/recordings/{recording.id}/audio/").status_code == 302


def test_one_listening_is_one_row_however_many_parts_it_asks_for(world: World, recording: Recording) -> None:
    for start in (0, 1000, 50_000, 0):
        heard(world.alice, recording, f"bytes={start}-{start + 99}")
    assert rows() == [(world.alice.id, recording.id, True)]


def test_a_later_listening_and_another_person_are_rows_of_their_own(
    world: World, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.alices_patient.care_team.add(world.bob)
    heard(world.alice, recording)
    heard(world.bob, recording)
    monkeypatch.setattr(playback, "ONE_LISTENING", timedelta(0))
    heard(world.alice, recording)
    assert [actor for actor, _, _ in sorted(rows(), key=str)].count(world.alice.id) == 2
    assert len(rows()) == 3


def test_without_consent_nothing_is_heard_and_the_page_offers_nothing(world: World, recording: Recording) -> None:
    page = f"/sessions/{recording.session_id}/"
    assert "<audio" in signed_in(world.alice).get(page).content.decode()
    Consent.objects.update(withdrawn_at=timezone.now())
    assert heard(world.alice, recording).status_code == 403
    assert rows() == [(world.alice.id, recording.id, False)]
    assert "<audio" not in signed_in(world.alice).get(page).content.decode()


def test_staff_are_offered_no_player(world: World, recording: Recording) -> None:
    page = signed_in(world.sam).get(f"/sessions/{recording.session_id}/")
    assert "Received" in text(page)
    assert "<audio" not in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_deleted_recording_is_heard_by_nobody(world: World, recording: Recording) -> None:
    recordings.recording_delete(user=world.alice, recording=recording)
    assert heard(world.alice, recording).status_code == 404


def test_a_file_that_is_gone_is_nothing_to_hear(world: World, recording: Recording) -> None:
    default_storage.delete(recording.file)
    assert heard(world.alice, recording).status_code == 404


def test_a_file_that_is_no_sound_is_nothing_that_a_browser_runs(world: World, recording: Recording) -> None:
    upload = SimpleUploadedFile("page.html", b"<!doctype html><script>alert(1)</script>", "text/html")
    page = uploads.recording_add(user=world.sam, session=recording.session, upload=upload)
    assert heard(world.alice, page)["Content-Type"] == "application/octet-stream"


def test_nothing_is_changed_by_listening(world: World, recording: Recording) -> None:
    assert signed_in(world.alice).post(f"/recordings/{recording.id}/audio/").status_code == 405
