"""``manage.py bench_enqueue`` prints what queueing adds, beside its limit, and touches nothing of the installation."""

from __future__ import annotations

import io
import re
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command

from inference.models import AnalysisJob
from sessions_app.added_cost import AddedCost
from sessions_app.bench_enqueue import LIMIT_MS, as_text


def test_it_prints_both_ways_and_what_lies_between_them(db: None) -> None:
    out = io.StringIO()
    # How quick this machine is under test is not asked here.
    with suppress(SystemExit):
        call_command("bench_enqueue", "--uploads=5", stdout=out)
    assert "5 uploads each way" in out.getvalue()
    assert re.search(r"queueing adds at p95, ms +\S+ <= 20 +(reached|NOT REACHED)", out.getvalue())
    assert not AnalysisJob.objects.exists()


@pytest.mark.parametrize(("added", "verdict"), [(LIMIT_MS - 1, " reached"), (LIMIT_MS + 1, " NOT REACHED")])
def test_the_verdict_is_that_of_the_limit(added: float, verdict: str) -> None:
    cost = AddedCost([10 + added] * 20, [10.0] * 20, LIMIT_MS)
    assert as_text(cost).endswith(verdict)


def test_no_uploads_at_all_are_refused_in_a_sentence() -> None:
    with pytest.raises(CommandError, match="above zero"):
        call_command("bench_enqueue", "--uploads=0")
