"""What is sent by e-mail goes to one address, whatever stands in it."""

from __future__ import annotations

import pytest
from django.core import mail
from pytest_django import Settings

from accounts.models import Invitation
from tests.pages import signed_in
from tests.world import World


@pytest.mark.parametrize(
    "address",
    [
        "new@clinic.example\nBcc: eve@evil.example",
        "new@clinic.example\r\n\r\nanother text",
        "new@clinic.example, eve@evil.example",
        "new@clinic.example;eve@evil.example",
        "<new@clinic.example> <eve@evil.example>",
    ],
)
def test_an_address_that_is_more_than_one_is_no_address(world: World, settings: Settings, address: str) -> None:
    settings.EMAIL_URL = "memorymail://"
    signed_in(world.ada).post("/clinic/people/", {"email": address, "role": "staff"})
    assert not mail.outbox
    assert not Invitation.objects.exists()


def test_a_name_with_a_line_break_adds_no_header(world: World, settings: Settings) -> None:
    settings.EMAIL_URL = "memorymail://"
    world.clinic.name = "Willow\nBcc: eve@evil.example"
    world.clinic.save()
    signed_in(world.ada).post("/clinic/people/", {"email": "new@clinic.example", "role": "staff"})
    (sent,) = mail.outbox
    assert sent.recipients() == ["new@clinic.example"]
    assert "evil" not in str(sent.message().items())
