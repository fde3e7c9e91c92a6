"""Errors: one shape, a stable code, nothing from the inside."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, OperationalError
from redis import ConnectionError as RedisConnectionError
from rest_framework.test import APIClient

from accounts.models import AccessLogEntry, User
from sessions_app import services
from sessions_app.api.problems import Problem
from sessions_app.api.throttles import PerUser
from tests.sessions_app.api.client import API, as_, problem
from tests.world import World

# One for all runs: the name of a test must be the same in each process that shares the tests out.
NOBODYS = "5b0f3c52-6f4e-4c57-9d3c-0c7f4f6f1a11"

ROUTES = [
    "patients",
    f"patients/{NOBODYS}",
    "sessions",
    "recordings",
    f"jobs/{NOBODYS}",
    "analyses",
    f"analyses/{NOBODYS}/timeline",
]


@pytest.mark.parametrize("route", ROUTES)
def test_without_signing_in_there_is_nothing_to_see(db: None, route: str) -> None:
    response = APIClient().get(f"{API}/{route}")
    assert problem(response) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("token", ["Token", "Token wrong", "Token a b", "Token \xff", "Bearer x"])
def test_a_token_that_is_none_is_a_401(db: None, token: str) -> None:
    response = APIClient().get(f"{API}/patients", HTTP_AUTHORIZATION=token)
    assert problem(response)[0] == 401


def test_the_token_of_an_account_that_was_switched_off_is_a_401(world: World) -> None:
    client = as_(world.alice)
    User.objects.filter(id=world.alice.id).update(is_active=False)
    assert problem(client.get(f"{API}/patients")) == (401, "authentication_failed")


@pytest.mark.parametrize(
    "path", ["nothing", "patients/1", "patients/none/x", "jobs", "patients/%00", "../admin", "a" * 999]
)
def test_an_address_that_leads_nowhere_is_a_404_in_json(world: World, path: str) -> None:
    assert problem(as_(world.alice).get(f"{API}/{path}")) == (404, "not_found")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("route", ["patients", "recordings", f"jobs/{NOBODYS}"])
def test_a_method_that_does_not_exist_is_a_405(world: World, method: str, route: str) -> None:
    response = as_(world.robot).generic(method.upper(), f"{API}/{route}")
    assert problem(response) == (405, "method_not_allowed")
    assert "GET" in response["Allow"]


def test_a_head_request_asks_the_same_permission_as_a_get(world: World) -> None:
    assert as_(world.ada).head(f"{API}/patients").status_code == 403
    assert as_(world.sam).head(f"{API}/patients").status_code == 200


def test_a_method_cannot_be_smuggled_in_a_header(world: World) -> None:
    response = as_(world.sam).post(f"{API}/patients", {}, format="json", HTTP_X_HTTP_METHOD_OVERRIDE="GET")
    assert problem(response) == (400, "invalid")


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b"9" * 5000])
def test_json_that_cannot_be_read_is_a_400(world: World, body: bytes) -> None:
    response = as_(world.sam).post(f"{API}/patients", body, content_type="application/json")
    assert problem(response) == (400, "parse_error")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7"])
def test_json_that_is_no_object_is_a_400(world: World, body: bytes) -> None:
    response = as_(world.sam).post(f"{API}/patients", body, content_type="application/json")
    assert problem(response) == (400, "invalid")


def test_json_without_end_is_a_413(world: World) -> None:
    body = b'{"given_name": "' + b"x" * 2 * 1024**2 + b'"}'
    response = as_(world.sam).post(f"{API}/patients", body, content_type="application/json")
    assert problem(response) == (413, "too_large")


def test_a_form_where_json_belongs_is_a_415(world: World) -> None:
    response = as_(world.sam).post(f"{API}/patients", {"reference": "x"}, format="multipart")
    assert problem(response) == (415, "unsupported_media_type")


def test_an_answer_in_another_format_is_a_406_in_json(world: World) -> None:
    response = as_(world.sam).get(f"{API}/patients", HTTP_ACCEPT="text/csv")
    assert problem(response) == (406, "not_acceptable")


PROBLEM = "application/problem+json"


@pytest.mark.parametrize("accept", [PROBLEM, "Application/Problem+JSON", f"{PROBLEM}; q=0.5, text/csv"])
def test_who_names_the_type_of_our_errors_is_answered_too(world: World, accept: str) -> None:
    client = as_(world.sam)
    rows = client.get(f"{API}/patients", HTTP_ACCEPT=accept)
    assert (rows.status_code, rows["Content-Type"]) == (200, "application/json")
    assert problem(client.get(f"{API}/patients/{uuid4()}", HTTP_ACCEPT=accept)) == (404, "not_found")


def test_the_title_of_a_body_that_is_too_large_is_the_same_wherever_it_is_refused() -> None:
    assert Problem(413, "too_large", "…").body()["title"] == "Content Too Large"


def test_calling_too_often_is_a_429_that_says_when_to_come_back(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(PerUser, "THROTTLE_RATES", {"user": "2/min"})
    client = as_(world.sam)
    answers = [client.get(f"{API}/patients") for _ in range(3)]
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert problem(answers[2]) == (429, "throttled")
    assert 0 < int(answers[2]["Retry-After"]) <= 60


def test_a_refused_caller_cannot_fill_the_access_log(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(PerUser, "THROTTLE_RATES", {"user": "2/min"})
    client = as_(world.ada)
    assert [client.get(f"{API}/patients").status_code for _ in range(4)] == [403, 403, 429, 429]
    assert AccessLogEntry.objects.count() == 2


def test_the_api_answers_also_while_redis_is_away(world: World, monkeypatch: Any) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise RedisConnectionError

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", away)
    for way in ("patients", "", "schema", "docs"):
        assert as_(world.sam).get(f"{API}/{way}").status_code == 200, way


def explode(monkeypatch: Any, error: Exception) -> None:
    def add(**_: Any) -> None:
        raise error

    monkeypatch.setattr(services, "patient_add", add)


def add_patient(world: World) -> Any:
    client = as_(world.sam)
    client.raise_request_exception = False
    return client.post(f"{API}/patients", {"reference": "x", "given_name": "a", "family_name": "b"}, format="json")


def test_an_error_of_ours_tells_the_client_nothing_of_the_inside(world: World, monkeypatch: Any, caplog: Any) -> None:
    explode(monkeypatch, RuntimeError("Key (reference)=(Robin) is secret"))
    response = add_patient(world)
    assert problem(response) == (500, "internal_error")
    assert b"secret" not in response.content
    assert b"Traceback" not in response.content
    assert "internal_error" in caplog.text


def test_what_is_logged_of_our_errors_quotes_no_row(world: World, monkeypatch: Any, caplog: Any) -> None:
    explode(monkeypatch, RuntimeError("Key (reference)=(Robin) is secret"))
    add_patient(world)
    assert "RuntimeError" in caplog.text
    assert "Robin" not in caplog.text


def test_what_somebody_searched_for_is_not_logged(world: World, caplog: Any) -> None:
    caplog.set_level("INFO")
    as_(world.alice).get(f"{API}/patients", {"search": "Robin"})
    as_(world.alice).post(f"{API}/patients/search", {"search": "Robin"}, format="json")
    assert f"{API}/patients" in caplog.text
    assert "Robin" not in caplog.text


def test_two_at_once_are_a_conflict_and_not_an_error_of_ours(world: World, monkeypatch: Any) -> None:
    explode(monkeypatch, IntegrityError("duplicate key"))
    assert problem(add_patient(world)) == (409, "conflict")


def test_a_database_that_does_not_answer_is_a_503_with_a_time_to_come_back(world: World, monkeypatch: Any) -> None:
    explode(monkeypatch, OperationalError("connection refused"))
    response = add_patient(world)
    assert problem(response) == (503, "database_unavailable")
    assert int(response["Retry-After"]) > 0


def test_a_full_disk_says_so(world: World, monkeypatch: Any) -> None:
    explode(monkeypatch, OSError(28, "No space left on device"))
    assert problem(add_patient(world)) == (507, "storage_full")


def test_a_page_of_another_site_cannot_write_with_ones_session(world: World) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(world.sam)
    response = client.post(f"{API}/patients", {"reference": "x"}, format="json")
    assert problem(response) == (403, "permission_denied")


def test_no_copy_of_an_answer_is_kept_by_a_shared_computer(world: World) -> None:
    assert as_(world.sam).get(f"{API}/patients")["Cache-Control"] == "no-store"


def test_an_address_is_served_with_and_without_a_slash_at_its_end(world: World) -> None:
    for way in ("patients", "patients/"):
        assert as_(world.sam).get(f"{API}/{way}").status_code == 200


def test_the_entry_leads_to_every_resource(world: World) -> None:
    entries = as_(world.sam).get(f"{API}/").json()
    assert entries["patients"].endswith(f"{API}/patients")
    assert as_(world.sam).get(entries["schema"]).status_code == 200
