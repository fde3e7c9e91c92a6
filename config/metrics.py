"""The figures of operations for Prometheus, of the whole installation: no clinic, no person and no recording in them.

All come from the database, so every web process gives the same answer and one of them is enough to ask.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from accounts.needs import Ask, needing
from inference.models import JobState
from inference.operations import Operations, Spread, Tally, WorkerState, operations, tallies


@needing(GET=Ask.METRICS_TOKEN)
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures for whoever sends ``METRICS_TOKEN`` as a bearer token; 404 where none is set."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not _has_token(request):
        return _refusal("The token is missing or wrong.\n", 401, {"WWW-Authenticate": "Bearer"})
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        return HttpResponse(encode(OperationsCollector()), content_type=content_type)
    except Error:
        return _refusal("The database does not answer.\n", 503)


class OperationsCollector(Collector):
    """Asks the database each time it is asked."""

    def collect(self) -> Iterator[Metric]:
        """Every metric with its samples."""
        found = operations()
        yield from _queue(found)
        yield from _lately(found)
        yield from _workers(found.workers)
        yield from _ever(tallies())


def _has_token(request: HttpRequest) -> bool:
    given, expected = request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"
    return secrets.compare_digest(given.encode(), expected.encode())


def _refusal(sentence: str, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8", headers=headers)


def _queue(found: Operations) -> Iterator[Metric]:
    queue = found.queue
    yield GaugeMetricFamily("undertone_jobs_waiting", "Jobs that wait for a worker.", queue.waiting)
    yield GaugeMetricFamily("undertone_jobs_running", "Jobs that a worker holds.", queue.running)
    yield GaugeMetricFamily(
        "undertone_jobs_abandoned", "Jobs whose worker is not heard of any more, waiting again.", queue.abandoned
    )
    yield GaugeMetricFamily(
        "undertone_oldest_wait_seconds", "How long the job waits that waits longest; 0 if none.", _seconds(queue.oldest)
    )


def _lately(found: Operations) -> Iterator[Metric]:
    ended = GaugeMetricFamily("undertone_jobs_ended_last_hour", "Jobs that ended in the last hour.", labels=["state"])
    for state, number in (
        (JobState.SUCCEEDED, found.hour.done),
        (JobState.FAILED, found.hour.failed),
        (JobState.CANCELLED, found.hour.cancelled),
    ):
        ended.add_metric([state], number)
    yield ended
    failures = GaugeMetricFamily(
        "undertone_failures_last_hour", "Jobs that failed in the last hour, by reason.", labels=["error_code"]
    )
    for failure in found.failures:
        failures.add_metric([failure.code], failure.hour)
    yield failures
    yield _spread("undertone_wait_seconds_last_day", "From queued to begun, over 24 hours.", found.waited)
    yield _spread("undertone_run_seconds_last_day", "From begun to ended, over 24 hours.", found.ran)
    yield GaugeMetricFamily("undertone_retries_last_day", "Attempts after a job's first, over 24 hours.", found.retried)


def _workers(workers: tuple[WorkerState, ...]) -> Iterator[Metric]:
    alive, ready = (worker for worker in workers if worker.is_alive), (worker for worker in workers if worker.is_ready)
    yield GaugeMetricFamily("undertone_workers_alive", "Worker processes heard of lately.", len(list(alive)))
    yield GaugeMetricFamily("undertone_workers_ready", "Those with their voice model loaded.", len(list(ready)))
    by_host = GaugeMetricFamily(
        "undertone_worker_processes",
        "Worker processes by where they run; 'silent' ones ended without a word.",
        labels=["host", "device", "checkpoint", "state"],
    )
    groups = Counter((worker.host, worker.device, worker.checkpoint, _state(worker)) for worker in workers)
    for labels, number in sorted(groups.items()):
        by_host.add_metric(labels, number)
    yield by_host


def _state(worker: WorkerState) -> str:
    if worker.is_ready:
        return "ready"
    return "not_ready" if worker.is_alive else "silent"


def _ever(counts: tuple[Tally, ...]) -> Iterator[Metric]:
    """Counters from the tally, which keeps what was deleted; those that every graph wants are there from the start."""
    ever = {(JobState.SUCCEEDED.value, ""): 0, (JobState.CANCELLED.value, ""): 0}
    ever |= {(count.state, count.error_code): count.total for count in counts}
    attempts = ever.pop((JobState.RUNNING.value, ""), 0)
    yield CounterMetricFamily("undertone_attempts", "Attempts to analyse a recording that were begun.", attempts)
    ended = CounterMetricFamily("undertone_jobs_ended", "Jobs that ended.", labels=["state", "error_code"])
    for labels, total in sorted(ever.items()):
        ended.add_metric(labels, total)
    yield ended


def _spread(name: str, help_text: str, spread: Spread) -> Metric:
    """No sample where nothing is known."""
    family = GaugeMetricFamily(name, help_text, labels=["quantile"])
    for quantile, span in (("0.5", spread.median), ("0.95", spread.p95)):
        if span is not None:
            family.add_metric([quantile], _seconds(span))
    return family


def _seconds(span: timedelta | None) -> float:
    return span.total_seconds() if span is not None else 0.0
