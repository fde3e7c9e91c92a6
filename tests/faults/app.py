"""The Celery application as it is, with probes at five points of a job: ``celery -A tests.faults.app worker``."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from celery.signals import worker_process_init

from config.celery import app
from tests.faults.orders import Point
from tests.faults.probes import reach, room_again

__all__ = ["app"]

_in_hand: dict[str, str] = {"sha256": ""}
"""The recording that this child works on."""


@worker_process_init.connect(weak=False)
def _install(**_: Any) -> None:
    from inference import runner, services

    services.job_claim = _claimed(services.job_claim)
    services.job_succeed = _committed(services.job_succeed)
    runner.analyze = _listened(runner.analyze)
    runner.run = _with_room(runner.run)


def _claimed(job_claim: Callable[..., Any]) -> Callable[..., Any]:
    from django.core.files.storage import default_storage

    from inference.models import AnalysisJob
    from sessions_app import storage

    def claim(job_id: uuid.UUID) -> Any:
        taken = job_claim(job_id)
        if taken is not None:
            file = AnalysisJob.objects.values_list("file", flat=True).get(id=job_id)
            _in_hand["sha256"] = storage.digest(file) if default_storage.exists(file) else ""
            reach(Point.CLAIMED, _in_hand["sha256"])
        return taken

    return claim


def _listened(analyze: Callable[..., Any]) -> Callable[..., Any]:
    points = {"decode": Point.DECODE, "model": Point.MODEL}

    def listen(*args: Any, progress: Callable[[str, float], None], **kwargs: Any) -> Any:
        def heard(stage: str, fraction: float) -> None:
            progress(stage, fraction)
            if stage in points and fraction > 0:
                reach(points[stage], _in_hand["sha256"])

        return analyze(*args, progress=heard, **kwargs)

    return listen


def _committed(job_succeed: Callable[..., Any]) -> Callable[..., Any]:
    from django.db import transaction

    def succeed(*args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            row = job_succeed(*args, **kwargs)
            reach(Point.COMMIT, _in_hand["sha256"])
        reach(Point.COMMITTED, _in_hand["sha256"])
        return row

    return succeed


def _with_room(run: Callable[..., None]) -> Callable[..., None]:
    def run_with_room(*args: Any) -> None:
        try:
            run(*args)
        finally:
            room_again()

    return run_with_room
