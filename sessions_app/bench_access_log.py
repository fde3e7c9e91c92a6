"""What the access log adds to a page, in milliseconds.

The same patient's page is fetched with its row of the log written and with none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts import access_log
from accounts.models import AccessLogEntry, Clinic, Role, User
from sessions_app.added_cost import AddedCost
from sessions_app.models import Patient

LIMIT_MS = 3.0
WARM_UP = 10


def measure(count: int) -> AddedCost:
    """Fetch the page ``count`` times each way. For a database of its own: what is made here stays."""
    client, address = _reader()
    logged: list[float] = []
    bare: list[float] = []
    for _ in range(count + WARM_UP):
        logged.append(_page(client, address))
        with _without_log():
            bare.append(_page(client, address))
    return AddedCost(logged[WARM_UP:], bare[WARM_UP:], LIMIT_MS)


def as_text(cost: AddedCost) -> str:
    """The run as a table to read."""
    return cost.table(what="the access log", column="logged", runs="pages")


def _reader() -> tuple[Client, str]:
    clinic = Clinic.objects.create(name="Bench", is_synthetic=True)
    user = User.objects.create_user(
        email="bench@clinic.test", password=None, clinic=clinic, display_name="Bench", role=Role.COUNSELOR
    )
    patient = Patient.objects.create(clinic=clinic, reference="B-1", given_name="No", family_name="Body")
    patient.care_team.add(user)
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    client.force_login(user)
    return client, reverse("patient", args=[patient.id])


def _page(client: Client, address: str) -> float:
    started = time.perf_counter()
    answer = client.get(address)
    spent = 1000 * (time.perf_counter() - started)
    if answer.status_code != 200:
        raise RuntimeError(f"The page answered {answer.status_code}.")
    return spent


@contextmanager
def _without_log() -> Iterator[None]:
    """A page writes no row."""
    record = access_log.record

    def none(**_: Any) -> AccessLogEntry:
        return AccessLogEntry()

    access_log.record = none
    try:
        yield
    finally:
        access_log.record = record
