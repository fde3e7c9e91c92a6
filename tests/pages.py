"""What tests of pages share: somebody who is signed in, and the page they are shown as text."""

from __future__ import annotations

import html
import re
import time

from django.contrib.auth.signals import user_logged_in
from django.http import HttpResponse
from django.test import Client
from factory.django import mute_signals

from accounts.idle import BEGAN, SEEN
from accounts.models import User


def signed_in(user: User) -> Client:
    """A client that is signed in as ``user``. Nobody signed in for it, so the access log has no row of that."""
    client = Client()
    with mute_signals(user_logged_in):
        client.force_login(user)
    session = client.session
    session[SEEN] = session[BEGAN] = time.time()
    session.save()
    return client


def text(response: HttpResponse) -> str:
    """What a person reads: no tags, white space collapsed."""
    assert response.status_code == 200, response.status_code
    without_data = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without_data)).split())


HTMX = {"HX-Request": "true"}
"""Headers of a request that htmx makes."""
