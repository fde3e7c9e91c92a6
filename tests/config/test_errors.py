"""Errors outside of any view: problem details for programs, a page for people."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.middleware import ClinicTimeZoneMiddleware


@pytest.fixture
def broken(monkeypatch: Any) -> Client:
    """A client of a server whose middleware fails."""

    def fail(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(ClinicTimeZoneMiddleware, "__call__", fail)
    return Client(raise_request_exception=False)


def test_a_program_gets_problem_details(broken: Client) -> None:
    response = broken.get("/api/v1/patients")
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert response.json()["code"] == "internal_error"
    assert b"secret" not in response.content


def test_a_person_gets_a_page(broken: Client) -> None:
    response = broken.get("/sign-in/")
    assert (response.status_code, response["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert b"secret" not in response.content


def test_a_form_with_more_in_it_than_any_takes_is_said_to_be_too_long(db: None) -> None:
    answer = Client(raise_request_exception=False).post("/sign-in/", {"username": "x" * 3_000_000})
    assert (answer.status_code, answer["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert "This is too long" in answer.content.decode()


def test_a_host_that_is_not_ours_is_a_400_in_the_callers_own_language(db: None) -> None:
    program = Client().get("/api/v1/patients", HTTP_HOST="evil.example")
    assert (program.status_code, program.json()["code"]) == (400, "parse_error")
    person = Client().get("/sign-in/", HTTP_HOST="evil.example")
    assert (person.status_code, person["Content-Type"]) == (400, "text/html; charset=utf-8")
