"""What a counselor's pages cost in a large clinic: milliseconds and queries for many patients, and the chart in bytes.

The clinic is one of made-up rows (`sessions_app.scale`). Each page is asked for once for each patient, so that what
lies on disk for them is read for the first time.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.idle import BEGAN, SEEN
from accounts.models import User
from sessions_app.dashboard.caseload_order import View, place_of
from sessions_app.models import Consent, FlagKind, Order, Patient, Session
from sessions_app.scale import seed
from sessions_app.scale.plan import CLINIC_NAME, SEED, Plan

LIMIT_MS = 300.0
LIMIT_CHART = 60 * 1024
LIMIT_MAKING = 600.0
WARM_UP = 5
CONNECTIONS = 2
SAID_EVERY = 2000
A_DAY = 24 * 3600.0
PEOPLE = (("counselor", 1), ("counselor", 0), ("staff", 0))
CHART = re.compile(rb'<script id="[\w-]+" type="application/json">(.*?)</script>', re.DOTALL)

Page = Callable[[Patient], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class PageCost:
    """One page: milliseconds of each time it was asked for, and how many queries that took."""

    name: str
    spent: list[float] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)

    @property
    def steady(self) -> bool:
        """Whether it takes as many queries for whomever it is asked for."""
        return len(set(self.queries)) == 1

    def at(self, percentile: int) -> float:
        """Milliseconds."""
        return float(np.percentile(self.spent, percentile))


@dataclass(frozen=True, slots=True)
class Cost:
    """All pages. ``made_in``: seconds of making the rows, ``None`` where some were there. ``charts``: bytes of each."""

    plan: Plan
    made_in: float | None
    pages: list[PageCost]
    charts: list[int]

    @property
    def reached(self) -> bool:
        """Whether everything is as quick, steady and small as it must be."""
        return all(verdict for _, verdict in self.targets())

    def targets(self) -> Iterator[tuple[str, bool]]:
        """Each target as a line, and whether it is reached."""
        if self.made_in is not None:
            yield _target("making the rows, s", self.made_in, LIMIT_MAKING)
        for page in self.pages:
            yield _target(f"{page.name}, p95, ms", page.at(95), LIMIT_MS)
        for page in self.pages:
            if not page.steady:
                yield f"{page.name}: {min(page.queries)} to {max(page.queries)} queries, not always as many", False
        yield _target("largest chart, bytes", max(self.charts), LIMIT_CHART)


def _target(what: str, value: float, limit: float) -> tuple[str, bool]:
    return f"{what:<46} {value:9.0f} {f'<= {limit:g}':<10}", value <= limit


def measure(pages: int, patients: int, analyses: int) -> Cost:
    """Ask for each page ``pages`` times. For a database of its own: what is made here stays."""
    plan = Plan(CLINIC_NAME, patients, analyses, SEED, timezone.localdate())
    before, began = Patient.objects.exists(), time.monotonic()
    made = seed.seed(plan, connections_at_once=CONNECTIONS, say=_say)
    if made:
        seed.tidy()
    made_in = time.monotonic() - began if made and not before else None
    return Cost(plan, made_in, *_measured(plan, pages))


def as_text(cost: Cost) -> str:
    """The run as a table to read."""
    lines = [
        f"{cost.plan.patients} patients, {cost.plan.analyses} analyses; each page {len(cost.pages[0].spent)} times;"
        " milliseconds",
        "",
        f"  {'':<44}{'p50':>8}{'p95':>8}{'most':>8}{'queries':>9}",
    ]
    lines += [
        f"  {page.name:<44}{page.at(50):>8.0f}{page.at(95):>8.0f}{max(page.spent):>8.0f}{max(page.queries):>9}"
        for page in cost.pages
    ]
    targets = [f"{line} {'reached' if reached else 'NOT REACHED'}" for line, reached in cost.targets()]
    return "\n".join([*lines, "", *targets])


def _measured(plan: Plan, pages: int) -> tuple[list[PageCost], list[int]]:
    sample = _sample(plan, pages + WARM_UP)
    lead = _signed_in(plan, "counselor", 0)
    newest = {one.patient_id: one.id for one in _newest_sessions(sample)}
    charts: list[int] = []

    def chart(patient: Patient) -> HttpResponseBase:
        answer = lead.get(reverse("patient-course", args=[patient.id]))
        charts.append(sum(map(len, CHART.findall(answer.content))))
        return answer

    asked = {
        **_lists(plan),
        "patient": lambda one: lead.get(reverse("patient", args=[one.id])),
        "chart of a patient": chart,
        "newest session": lambda one: lead.get(reverse("session", args=[newest[one.id]])),
    }
    return [_timed(name, page, sample) for name, page in asked.items()], charts


def _lists(plan: Plan) -> dict[str, Page]:
    """The caseload of one counselor of many, of one who cares for everybody, and of staff; found, sorted, narrowed."""
    one, lead, staff = (_signed_in(plan, kind, number) for kind, number in PEOPLE)
    home, everybodys = reverse("home"), User.objects.get(id=plan.id_of("counselor"))

    def after(patient: Patient) -> str:
        return place_of(everybodys, View(), patient).token

    def asked(**said: object) -> Page:
        return lambda _: lead.post(home, said)

    return {
        "caseload of a counselor": lambda _: one.get(home),
        "caseload of a counselor of everybody": lambda _: lead.get(home),
        "its page after a patient": lambda patient: lead.post(home, {"after": after(patient)}),
        "found in it by a part of a name": lambda patient: lead.post(home, {"text": patient.family_name[:4]}),
        "found in it by number": lambda patient: lead.post(home, {"text": patient.reference}),
        "ordered by name": asked(order=Order.NAME),
        "ordered by newest session": asked(order=Order.LAST_SESSION),
        "those whose scores wait for a review": asked(reason=FlagKind.REVIEW_WAITING.value),
        "those without consent": asked(without_consent="on"),
        "inbox of flags": lambda _: lead.get(reverse("flags")),
        "list of all patients, staff": lambda _: staff.get(home),
    }


def _signed_in(plan: Plan, kind: str, number: int) -> Client:
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    client.force_login(User.objects.get(id=plan.id_of(kind, number)))
    session = client.session
    # Seen later than now: else some pages would write once more that somebody is still there.
    session[SEEN] = session[BEGAN] = time.time() + A_DAY
    session.save()
    return client


def _sample(plan: Plan, count: int) -> list[Patient]:
    """So many patients whose voice may be shown, evenly from the first to the last; all where there are fewer."""
    shown = Patient.objects.filter(clinic=plan.id_of("clinic"), consents__in=Consent.objects.standing())
    ids = list(shown.order_by("reference").values_list("id", flat=True))
    places = sorted({place * len(ids) // count for place in range(count)})
    return list(Patient.objects.filter(id__in=[ids[place] for place in places]).order_by("id"))


def _newest_sessions(patients: Sequence[Patient]) -> list[Session]:
    newest = Session.objects.filter(patient__in=patients).order_by("patient_id", "-held_at").distinct("patient_id")
    return list(newest)


def _timed(name: str, page: Page, patients: Sequence[Patient]) -> PageCost:
    cost = PageCost(name)
    for patient in patients:
        with _counted() as queries:
            began = time.perf_counter()
            answer = page(patient)
            spent = 1000 * (time.perf_counter() - began)
        if answer.status_code != 200:
            raise RuntimeError(f"{name}: answered {answer.status_code}.")
        cost.spent.append(spent)
        cost.queries.append(len(queries))
    del cost.spent[:WARM_UP], cost.queries[:WARM_UP]
    return cost


@contextmanager
def _counted() -> Iterator[list[None]]:
    """One entry for each statement that is asked meanwhile."""
    asked: list[None] = []

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        asked.append(None)
        return execute(*arguments)

    with connection.execute_wrapper(count):
        yield asked


def _say(done: int) -> None:
    if done % SAID_EVERY == 0:
        sys.stderr.write(f"  {done} patients made up\n")
