"""The page on which counselors keep and delete a clip of their own voice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from accounts.models import Role, User
from sessions_app.models import CounselorVoice
from tests import sound
from tests.pages import signed_in, text
from tests.world import World

PAGE = "/account/voice/"


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def send(client: Client, content: bytes | None = None) -> Any:
    clip = sound.SECOND_VOICE.read_bytes() if content is None else content
    return client.post(PAGE, {"file": SimpleUploadedFile("me.opus", clip)})


def test_before_anything_is_kept_the_page_says_what_for_and_that_it_can_be_deleted(world: World) -> None:
    shown = text(signed_in(world.alice).get(PAGE))
    assert "No clip of your voice." in shown
    assert "used only to tell which of two voices is yours" in shown
    assert "A recording of a voice identifies a person." in shown
    assert "You can delete it at any time" in shown


def test_a_clip_is_kept_and_deleted(world: World) -> None:
    client = signed_in(world.alice)
    assert send(client).url == PAGE
    assert "A clip with 13 seconds of your speech" in text(client.get(PAGE))
    assert client.post(f"{PAGE}delete/").url == PAGE
    shown = text(client.get(PAGE))
    assert "Your voice was deleted." in shown
    assert "No clip of your voice." in shown
    assert not CounselorVoice.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"just words " * 1000, "This file is not audio that Undertone can read."), (b"", "This file is empty.")],
)
def test_a_clip_that_cannot_be_used_is_refused_in_plain_words(world: World, content: bytes, sentence: str) -> None:
    answer = send(signed_in(world.alice), content)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not CounselorVoice.objects.exists()


def test_a_form_without_a_file_asks_for_one(world: World) -> None:
    assert "Please choose a clip." in signed_in(world.alice).post(PAGE).content.decode()


def test_nobody_sees_or_deletes_another_counselors_clip(world: World) -> None:
    send(signed_in(world.alice))
    for user in (world.bob, world.mallory):
        client = signed_in(user)
        assert "No clip of your voice." in text(client.get(PAGE))
        client.post(f"{PAGE}delete/")
    assert CounselorVoice.objects.get().counselor == world.alice


@pytest.mark.parametrize("who", ["sam", "ada", "robot"])
def test_the_page_is_for_counselors(world: World, who: str) -> None:
    client = signed_in(getattr(world, who))
    assert client.get(PAGE).status_code == 403
    assert send(client).status_code == 403
    assert PAGE not in client.get("/").content.decode()


@pytest.mark.parametrize("role", [Role.STAFF, Role.ADMIN])
def test_whoever_is_no_counselor_any_more_can_delete_their_clip_and_upload_none(world: World, role: Role) -> None:
    send(signed_in(world.alice))
    User.objects.filter(id=world.alice.id).update(role=role)
    world.alice.refresh_from_db()
    client = signed_in(world.alice)
    assert PAGE in client.get("/").content.decode()
    shown = text(client.get(PAGE))
    assert "Delete it now" in shown
    assert "Keep this clip" not in shown
    assert send(client).status_code == 403
    assert "Your voice was deleted." in text(client.get(client.post(f"{PAGE}delete/").url))
    assert not CounselorVoice.objects.exists()


def test_reading_an_address_deletes_nothing(world: World) -> None:
    client = signed_in(world.alice)
    send(client)
    assert client.get(f"{PAGE}delete/").status_code == 405
    assert CounselorVoice.objects.exists()


def test_a_form_without_csrf_token_is_refused(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.alice)
    assert send(client).status_code == 403
    assert not CounselorVoice.objects.exists()
