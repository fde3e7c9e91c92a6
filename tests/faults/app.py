"""The Celery application as it is, with probes at five points of a job: ``celery -A tests.faults.app worker``.

A probe looks whether something was ordered for the recording in hand, and carries it out.
"""

from __future__ import annotations

import os
import resource
import signal
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery.signals import worker_process_init

from config.celery import app
from tests.faults.orders import Deed, Order, Orders, Point

__all__ = ["app"]

ORDERS = Orders(Path(os.environ["FAULTS_ORDERS"]))
HELD_SECONDS = 300.0
FILE_LIMIT = 4096

_in_hand: dict[str, str] = {"sha256": ""}
"""The recording that this child works on."""


def reach(point: Point) -> None:
    """Carry out what was ordered for the recording in hand at this point."""
    order = ORDERS.due(_in_hand["sha256"], point)
    if order is not None:
        _DO[order.deed](order)


def _kill_child(_: Order) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_main(_: Order) -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def _kill_group(_: Order) -> None:
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _hold(_: Order) -> None:
    deadline, sha256 = time.monotonic() + HELD_SECONDS, _in_hand["sha256"]
    while not ORDERS.is_released(sha256) and time.monotonic() < deadline:
        time.sleep(0.02)


def _run_out_of_memory(_: Order) -> None:
    import torch

    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")


def _crash(_: Order) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _fill_the_disk(_: Order) -> None:
    """A limit on the size of files: the kernel refuses to write, as it does where no room is left."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def _room_again() -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


_DO: dict[Deed, Callable[[Order], None]] = {
    Deed.KILL_CHILD: _kill_child,
    Deed.KILL_MAIN: _kill_main,
    Deed.KILL_GROUP: _kill_group,
    Deed.HOLD: _hold,
    Deed.OUT_OF_MEMORY: _run_out_of_memory,
    Deed.CRASH: _crash,
    Deed.FULL_DISK: _fill_the_disk,
}


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
            reach(Point.CLAIMED)
        return taken

    return claim


def _listened(analyze: Callable[..., Any]) -> Callable[..., Any]:
    points = {"decode": Point.DECODE, "model": Point.MODEL}

    def listen(*args: Any, progress: Callable[[str, float], None], **kwargs: Any) -> Any:
        def heard(stage: str, fraction: float) -> None:
            progress(stage, fraction)
            if stage in points and fraction > 0:
                reach(points[stage])

        return analyze(*args, progress=heard, **kwargs)

    return listen


def _committed(job_succeed: Callable[..., Any]) -> Callable[..., Any]:
    from django.db import transaction

    def succeed(*args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            row = job_succeed(*args, **kwargs)
            reach(Point.COMMIT)
        reach(Point.COMMITTED)
        return row

    return succeed


def _with_room(run: Callable[..., None]) -> Callable[..., None]:
    def run_with_room(*args: Any) -> None:
        try:
            run(*args)
        finally:
            _room_again()

    return run_with_room
