"""What the API says that it takes is made up at random and sent, in every role: never an error of the server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck
from hypothesis import strategies as st
from rest_framework.throttling import SimpleRateThrottle

from accounts.models import User
from tests.security.comers import belongings
from tests.tokens import token_of
from tests.world import World

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "5"))
"""Requests for each operation and role."""

SEED = int(os.environ.get("SCHEMATHESIS_SEED", "7"))
NO_WORKER = "model_not_loaded"


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests leave the test's connection open, as those of Django's own client do."""
    ends = (request_started, request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    yield
    for end in ends:
        end.connect(close_old_connections)


def headers_of(user: User | None) -> dict[str, str]:
    return {"Authorization": f"Token {token_of(user)}"} if user else {}


def is_error(response: Any) -> bool:
    """503 for want of a worker is no fault of the request, and is said."""
    if response.status_code == 503:
        return bool(response.json()["code"] != NO_WORKER)
    return bool(response.status_code >= 500)


def asked(operation: Any, ids: dict[str, str], headers: dict[str, str], found: list[str]) -> int:
    """Send `EXAMPLES` requests, half of them for objects that exist; add errors to ``found``."""
    sent = 0

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
    )
    @hypothesis.given(case=operation.as_strategy(), real=st.booleans())
    def send(case: Any, real: bool) -> None:
        nonlocal sent
        if real and case.path_parameters:
            case.path_parameters |= {name: ids[name] for name in case.path_parameters}
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        sent += 1
        if is_error(response):
            found.append(f"{response.status_code} {case.as_curl_command()}")

    send()
    return sent


def test_no_request_that_the_description_allows_breaks_the_server(
    world: World, one_connection: None, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", dict.fromkeys(SimpleRateThrottle.THROTTLE_RATES))
    ids = belongings(world)[0].ids
    schema: Any = schemathesis.openapi.from_wsgi("/api/v1/schema", get_wsgi_application())
    operations = [operation.ok() for operation in schema.get_all_operations()]
    errors: list[str] = []
    calls = 0
    for user in (world.alice, world.sam, world.ada, world.robot, world.mallory, None):
        headers = headers_of(user)
        calls += sum(asked(operation, ids, headers, errors) for operation in operations)
    record_property("schemathesis calls", calls)
    record_property("schemathesis errors", len(errors))
    assert calls >= 6 * len(operations)
    assert not errors, "\n".join(errors[:20])
