"""Every route, with every method, asked by everybody for everybody's objects: is the answer what the route declares?"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.test.client import ClientHandler
from pytest_django import Settings
from rest_framework.throttling import SimpleRateThrottle

from accounts.middleware import MISSING
from accounts.models import AccessLogEntry, User
from accounts.needs import THIRD_PARTY, Ask, actions_in
from accounts.policy import may
from config.probes import ANSWERS
from sessions_app.api.negotiation import PROBLEM
from tests.security.comers import METRICS_TOKEN, MONITORING, OWN, Belongings, Comer, belongings, comers, owns, sees
from tests.security.routes import METHODS, NOWHERE, STATIC, Route, routes
from tests.world import World

SHOWN = 40

DECLARE = """{route} declares nothing. Say beside its view what it asks for each method:
    a page:            @open_to(GET=Action.LIST_PATIENTS, POST=Action.UPLOAD_RECORDING)
    the API:           needs = {{"GET": Action.LIST_PATIENTS}} in the class
    without patients:  @needing(GET=Ask.NOTHING) or Ask.SIGN_IN
    another package's: a line "{name}": {{"GET": Ask.NOTHING}} in accounts.needs.THIRD_PARTY"""

FILL = """{route} has a parameter that tests/security/comers.py cannot fill: {missing}.
Add it to belongings_of, with the id of an object of that patient, and to _nobodys."""


class Answer(StrEnum):
    """What a status means."""

    LET_IN = "let in"
    SIGN_IN = "sign in first"
    SET_UP = "second factor first"
    REFUSED = "refused"
    NOT_FOUND = "not found"
    NO_METHOD = "no such method"
    BROKEN = "broken"


STATUS = {401: Answer.SIGN_IN, 403: Answer.REFUSED, 404: Answer.NOT_FOUND, 405: Answer.NO_METHOD}


OPEN_WITHOUT_FACTOR = {
    *("mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes"),
    *("account_logout", "account_reauthenticate", "session-left"),
}
"""All that somebody may open who has no second factor yet: setting one up, signing out, being asked who they are."""


@dataclass(frozen=True)
class Cell:
    """One request."""

    route: Route
    method: str
    comer: Comer
    belongings: Belongings

    def __str__(self) -> str:
        asked = f", {self.belongings.name}" if self.route.parameters else ""
        return f"{self.method} {self.route} by {self.comer.name}{asked}"

    @property
    def expected(self) -> set[Answer]:
        """More than one where it does not matter which comes first."""
        if self.comer.without_factor and not is_answered_early(self.route):
            if self.route.name not in OPEN_WITHOUT_FACTOR:
                return {Answer.SET_UP}
            if self.route.name == "mfa_view_recovery_codes" and self.method in (self.route.needs or {}):
                return {Answer.NOT_FOUND}
        return self.declared

    @property
    def declared(self) -> set[Answer]:
        """What the route declares for somebody who has a second factor, or is not known."""
        route, comer = self.route, self.comer
        needs = route.needs or {}
        need = needs.get(self.method)
        if need in (Ask.NOWHERE, Ask.INVITATION):
            return {Answer.NOT_FOUND}
        if comer.shows_bad_token(route):
            return {Answer.SIGN_IN}
        if need is None:
            asks_first = not comer.is_known_at(route) and set(needs.values()) != {Ask.NOTHING}
            return {Answer.NO_METHOD} | ({Answer.SIGN_IN} if asks_first else set())
        if need is Ask.NOTHING:
            return {Answer.LET_IN}
        if need is Ask.METRICS_TOKEN:
            return {Answer.LET_IN if comer.name == MONITORING else Answer.SIGN_IN}
        if comer.user is None or not comer.is_known_at(route):
            return {Answer.SIGN_IN}
        if need is not Ask.SIGN_IN and not any(may(comer.user, action) for action in actions_in(need)):
            return {Answer.REFUSED}
        return {Answer.LET_IN if self.is_theirs_to_see(comer.user) else Answer.NOT_FOUND}

    def is_theirs_to_see(self, user: User) -> bool:
        """Whether what the route is about is there for ``user``."""
        parameters = self.route.parameters
        if set(OWN) & set(parameters):
            return "device_id" in parameters and owns(user, self.belongings)
        if self.is_about_a_patient and not sees(user, self.belongings.patient):
            return False
        return "note_id" not in parameters or self.belongings.alone in {None, user}

    @property
    def is_about_a_patient(self) -> bool:
        return any(name in self.belongings.ids for name in self.route.parameters)

    @property
    def must_be_logged(self) -> bool:
        """Whether what is expected is a refusal of patient data to somebody who is known."""
        need = (self.route.needs or {}).get(self.method)
        return bool(need and actions_in(need)) and bool(self.expected & {Answer.REFUSED, Answer.NOT_FOUND})


def cells(world: World) -> Iterator[Cell]:
    """Whose the object is matters only to who is let in with a method that is taken; others ask for one of Alice's.

    A note that is kept apart differs from others only where a note is asked for.
    """
    people, all_things = comers(world), belongings(world)
    for route in routes():
        things = [one for one in all_things if one.alone is None or "note_id" in route.parameters]
        for method in METHODS:
            taken = bool(route.parameters) and method in (route.needs or {})
            for comer in people:
                asked_for = things if taken and comer.is_known_at(route) else things[:1]
                yield from (Cell(route, method, comer, belonging) for belonging in asked_for)


def meaning(response: HttpResponse, comer: Comer) -> Answer:
    if response.status_code >= 500:
        return Answer.BROKEN
    if comer.without_factor and is_sent_to_set_up(response):
        return Answer.SET_UP
    to_sign_in = f"{resolve_url(settings.LOGIN_URL)}?next="
    if response.status_code == 302 and response.headers["Location"].startswith(to_sign_in):
        return Answer.SIGN_IN
    return STATUS.get(response.status_code, Answer.LET_IN)


def is_sent_to_set_up(response: HttpResponse) -> bool:
    if response.status_code == 302:
        return response.headers["Location"] == resolve_url("mfa_index")
    if response.status_code != 403 or response.headers["Content-Type"] != PROBLEM:
        return False
    # The answer to a HEAD has no body.
    return not response.content or MISSING in response.content.decode()


def faults(cell: Cell, strangers: list[str], handler: ClientHandler) -> Iterator[str]:
    """What is wrong with the answer. ``strangers``: names that must not be in it."""
    newest = AccessLogEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    client, headers = cell.comer.client(cell.route, handler)
    response = client.generic(cell.method, cell.route.path(cell.belongings.ids), headers=headers)
    said = b"" if getattr(response, "is_async", False) else response.getvalue()
    rows = AccessLogEntry.objects.filter(id__gt=newest)
    answer, patient = meaning(response, cell.comer), cell.belongings.patient
    if answer not in cell.expected:
        yield f"expected {' or '.join(sorted(cell.expected))}, was {answer} ({response.status_code})"
    if cell.must_be_logged and not rows.filter(allowed=False, actor_id=cell.comer.user.id).exists():  # type: ignore[union-attr]
        yield "the refusal is not in the access log"
    if patient and patient.family_name.encode() in said and not rows.filter(allowed=True).exists():
        yield "a patient was shown, which is not in the access log"
    yield from missing_headers(cell.route, response)
    if any(name.encode() in said for name in strangers):
        yield "it names a patient whom they may not see"


def is_answered_early(route: Route) -> bool:
    """Probes and static files are answered before the middleware, and hold nothing of a clinic."""
    return route.view in ANSWERS.values() or route.template == STATIC


HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What each answer says at least."""


def missing_headers(route: Route, response: HttpResponse) -> Iterator[str]:
    if is_answered_early(route):
        return
    for name, value in HEADERS.items():
        if value not in response.headers.get(name, ""):
            yield f"{name} is {response.headers.get(name)}"


def strangers_to(comer: Comer, world: World) -> list[str]:
    patients = [world.alices_patient, world.bobs_patient, world.mallorys_patient]
    known = comer.user is not None and comer.is_valid and not comer.without_factor
    return [one.family_name for one in patients if not (known and sees(comer.user, one))]  # type: ignore[arg-type]


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[None]:
    """Nobody is told to come back later."""
    rates = dict.fromkeys(SimpleRateThrottle.THROTTLE_RATES, None)
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", rates)
    settings.ACCOUNT_RATE_LIMITS = False
    settings.WRONG_TOKENS_ALIKE = settings.WRONG_TOKENS_OF_PLACE = sys.maxsize
    settings.METRICS_TOKEN = METRICS_TOKEN
    # As in production.
    settings.MFA_REQUIRED = True
    # Thousands of refusals, each with two lines, would say nothing.
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_every_route_declares_what_it_asks(record_property: Callable[[str, object], None]) -> None:
    found = routes()
    record_property("routes", len(found))
    silent = [DECLARE.format(route=route, name=route.name) for route in found if route.needs is None]
    assert not silent, "\n\n".join(silent)


def test_every_third_party_declaration_has_its_route() -> None:
    assert set(THIRD_PARTY) <= {route.name for route in routes()}


def test_every_parameter_of_a_route_can_be_filled(world: World) -> None:
    for things in belongings(world):
        for route in routes():
            missing = set(route.parameters) - set(things.ids)
            assert not missing, FILL.format(route=route, missing=", ".join(sorted(missing)))


def test_every_route_is_among_them() -> None:
    found = {str(route) for route in routes()}
    assert {"/", "/patients/<patient_id>/", "/api/v1/jobs/<job_id>/retry", "/metrics", f"/api/v1/{NOWHERE}"} <= found


def test_every_cell_of_the_matrix_answers_as_declared(
    world: World, unhurried: None, record_property: Callable[[str, object], None]
) -> None:
    # One for all: making one reads all static files.
    handler = ClientHandler(enforce_csrf_checks=False)
    asked: Counter[Answer] = Counter()
    wrong: list[str] = []
    names: dict[str, list[str]] = {}
    for cell in cells(world):
        strangers = names.setdefault(cell.comer.name, strangers_to(cell.comer, world))
        with transaction.atomic():
            wrong.extend(f"{cell}: {fault}" for fault in faults(cell, strangers, handler))
            transaction.set_rollback(True)
        asked[min(cell.expected)] += 1
    record_property("cells", asked.total())
    record_property("wrong answers", len(wrong))
    assert set(asked) == set(Answer) - {Answer.BROKEN}
    assert not wrong, f"{len(wrong)} of {asked.total()} are wrong:\n" + "\n".join(wrong[:SHOWN])
