"""No secret that somebody was shown, or has brought, can be read in the database by whoever has a copy of it."""

from __future__ import annotations

import base64
import binascii
import re
import zlib

from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts import outgoing
from tests.pages import signed_in, text
from tests.world import World

TOKEN = r'<code id="token">([^<]+)</code>'
LINK = r'<code id="link">[^<]+code=([^<]+)</code>'


def everything() -> str:
    """Each row of each table as text, and what sessions hold as far as no key is needed to read it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('SELECT t::text FROM %I t', tablename) FROM pg_tables WHERE schemaname = 'public'"
        )
        queries = [query for (query,) in cursor.fetchall()]
        rows = []
        for query in queries:
            cursor.execute(query)
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join([*rows, *map(_opened, Session.objects.values_list("session_data", flat=True))])


def _opened(data: str) -> str:
    """What Django's own sessions are: signed, in base 64, and compressed where they are long."""
    body = data.partition(":")[0]
    packed = body.startswith(".")
    body = body.lstrip(".")
    try:
        plain = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        return (zlib.decompress(plain) if packed else plain).decode(errors="replace")
    except (binascii.Error, zlib.error):
        return data


def told(client: Client, address: str, pattern: str, sent: dict[str, str] | None = None) -> str:
    """The secret that the answer itself shows, and no page that it leads to."""
    page = client.post(address, sent or {}).content.decode()
    found = re.search(pattern, page)
    assert found, page
    assert found[1]
    return found[1]


def test_not_the_token_of_a_program(world: World) -> None:
    client = signed_in(world.alice)
    client.post("/account/api-token/")
    assert told(client, "/account/api-token/", TOKEN) not in everything()


def test_not_the_secret_of_an_invitation_before_or_after_its_link_was_followed(world: World) -> None:
    secret = told(signed_in(world.ada), "/clinic/people/", LINK, {"email": "nina@willow.example", "role": "staff"})
    assert secret not in everything()
    nina = Client()
    nina.get("/invitation/", {"code": secret})
    assert "Welcome" in text(nina.get("/invitation/"))
    assert secret not in everything()


def test_not_the_link_for_somebody_who_cannot_sign_in(world: World) -> None:
    secret = told(signed_in(world.ada), f"/clinic/people/{world.alice.id}/link/", LINK)
    assert secret not in everything()


def test_not_the_code_for_a_new_password(world: World, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    Client().post("/password/forgotten/", {"email": world.alice.email})
    outgoing.wait()
    (code,) = re.findall(r"^\s*([A-Z0-9-]{6,})\s*$", mail.outbox[0].body, re.MULTILINE)
    assert code not in everything()


def test_not_the_secret_of_an_app_that_is_being_set_up(world: World) -> None:
    page = signed_in(world.alice).get("/account/second-factor/app/").content.decode()
    found = re.search(r'class="secret">(\w+)<', page)
    assert found
    assert found[1] not in everything()
