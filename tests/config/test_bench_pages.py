"""``manage.py bench pages`` prints each page beside its limit, and touches nothing of the installation."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Clinic
from sessions_app.bench_pages import LIMIT_CHART, LIMIT_MS, Cost, PageCost, as_text
from sessions_app.scale.plan import Plan

PLAN = Plan("Rows", 10, 50, 1, date(2026, 11, 1))


def test_it_prints_every_page_with_as_many_queries_for_whomever(db: None) -> None:
    out = io.StringIO()
    # How quick this machine is under test is not asked here.
    with suppress(SystemExit):
        call_command("bench", "pages", "--pages=8", "--patients=60", "--analyses=400", stdout=out)
    told = out.getvalue()
    assert "60 patients, 400 analyses; each page 8 times" in told
    for page in ("caseload of a counselor", "list of all patients, staff", "patient", "newest session"):
        assert re.search(rf"^{page}, p95, ms +\d+ <= 300 +(reached|NOT REACHED)$", told, re.MULTILINE), page
    assert re.search(r"largest chart, bytes +\d+ <= 61440 +(reached|NOT REACHED)", told)
    assert "not always as many" not in told
    assert not Clinic.objects.exists()


def test_a_slow_page_a_page_with_more_queries_and_a_large_chart_each_miss_the_target() -> None:
    good = PageCost("page", [LIMIT_MS - 1] * 20, [15] * 20)
    assert Cost(PLAN, 3.0, [good], [LIMIT_CHART]).reached
    slow = PageCost("page", [LIMIT_MS + 1] * 20, [15] * 20)
    growing = PageCost("page", [1.0] * 20, [15] * 19 + [40])
    for cost in (
        Cost(PLAN, None, [slow], [1]),
        Cost(PLAN, None, [growing], [1]),
        Cost(PLAN, None, [good], [LIMIT_CHART + 1]),
        Cost(PLAN, 601.0, [good], [1]),
    ):
        assert not cost.reached
        assert as_text(cost).count("NOT REACHED") == 1


def test_numbers_are_above_zero() -> None:
    with pytest.raises(CommandError, match="above zero"):
        call_command("bench", "pages", "--pages=0")
