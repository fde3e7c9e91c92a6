"""``manage.py bench_access_log`` prints what the access log adds to a page, beside its limit."""

from __future__ import annotations

import io
import re
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command

from accounts import access_log
from accounts.models import AccessLogEntry, Clinic
from sessions_app import bench_access_log


def test_it_prints_both_ways_and_touches_nothing_of_the_installation(db: None) -> None:
    out = io.StringIO()
    # How quick this machine is under test is not asked here.
    with suppress(SystemExit):
        call_command("bench_access_log", "--pages=5", stdout=out)
    assert "5 pages each way" in out.getvalue()
    assert re.search(r"the access log adds at p95, ms +\S+ <= 3 +(reached|NOT REACHED)", out.getvalue())
    assert not AccessLogEntry.objects.exists()


def test_one_way_writes_a_row_a_page_and_the_other_none(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_access_log, "WARM_UP", 0)
    record = access_log.record
    bench_access_log.measure(4)
    assert AccessLogEntry.objects.filter(clinic_id=Clinic.objects.get().id, action="read").count() == 4
    assert access_log.record is record


def test_no_pages_at_all_are_refused_in_a_sentence() -> None:
    with pytest.raises(CommandError, match="above zero"):
        call_command("bench_access_log", "--pages=0")
