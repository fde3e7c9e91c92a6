"""A worker's child process: loads the model once, says every few seconds that it is alive, and knows when to leave."""

from __future__ import annotations

import os
import signal
import socket
import threading
import uuid
from ctypes import c_bool
from functools import lru_cache
from multiprocessing.sharedctypes import RawValue
from typing import TYPE_CHECKING, Any

import structlog
from billiard import current_process
from celery.signals import worker_process_init, worker_process_shutdown, worker_ready, worker_shutting_down
from django.conf import settings
from django.db import Error, connection
from django.db.models.functions import Now

from inference import broker
from inference.errors import CheckpointUnavailable

if TYPE_CHECKING:
    from inference.checkpoints import Checkpoint
    from inference.models import Worker
    from inference.results import CheckpointIdentity

log = structlog.get_logger(__name__)

SAY_ALIVE_SECONDS = 5.0

_stopping = threading.Event()

_leaving = RawValue(c_bool, False)
"""Set by the main process of a worker that was told to stop. Children are forked later and share this memory."""


def connect() -> None:
    """Register for Celery's news about child processes."""
    worker_process_init.connect(_on_start, weak=False)
    worker_process_shutdown.connect(_on_stop, weak=False)
    worker_shutting_down.connect(_on_leaving, weak=False)
    worker_ready.connect(_on_ready, weak=False)


def leaving() -> bool:
    """Whether this worker was told to stop: what it has in hand is for another one."""
    return _leaving.value


def checkpoint(name: str) -> Checkpoint:
    """The loaded checkpoint of this name, kept in memory until its card changes. Raises `CheckpointUnavailable`."""
    from inference import checkpoints

    return _loaded(name, checkpoints.describe(name).identity)


@lru_cache(maxsize=2)
def _loaded(name: str, _: CheckpointIdentity) -> Checkpoint:
    import torch

    from inference import checkpoints

    loaded = checkpoints.load(name)
    loaded.model.to(device(torch.cuda.device_count(), _place()))
    return loaded


def end_process(job_id: uuid.UUID) -> None:
    """End this child at once: what it computes is void, and it cannot be told. Its main process starts another."""
    log.warning("process_ended", job_id=str(job_id))
    _say_goodbye()
    os.kill(os.getpid(), signal.SIGKILL)


def is_out_of_memory(error: Exception) -> bool:
    """Whether ``error`` says, in torch's words, that the accelerator or the machine has no memory left."""
    import torch

    if isinstance(error, torch.OutOfMemoryError):
        # What torch keeps for later would be missing for other processes on the same accelerator.
        torch.cuda.empty_cache()
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def device(accelerators: int, child: int) -> str:
    """Where the child of this number computes: each on an accelerator of its own, as far as there are enough."""
    return f"cuda:{child % accelerators}" if accelerators else "cpu"


def _place() -> int:
    """The number of this child among those of its worker; one that replaces another has the same."""
    return getattr(current_process(), "index", 0)


def _on_start(**_: Any) -> None:
    import torch

    from inference.models import Worker

    torch.set_num_threads(max(1, (os.cpu_count() or 1) // settings.CELERY_WORKER_CONCURRENCY))
    row = Worker(host=socket.gethostname(), pid=os.getpid(), device=device(torch.cuda.device_count(), _place()))
    try:
        identity = checkpoint(settings.CHECKPOINT).identity
        row.checkpoint_name, row.checkpoint_version = identity.name, identity.version
    except CheckpointUnavailable as error:
        row.problem = error.message
        log.error("checkpoint_unavailable", checkpoint=settings.CHECKPOINT)
    _stopping.clear()
    threading.Thread(target=_keep_saying_alive, args=(row,), name="say-alive", daemon=True).start()


def _keep_saying_alive(row: Worker) -> None:
    while True:
        try:
            _say_alive(row)
        except Error:
            log.warning("could_not_say_alive")
            connection.close()
        if _stopping.wait(SAY_ALIVE_SECONDS):
            break
    connection.close()


def _say_alive(row: Worker) -> None:
    from inference.models import Worker

    known = Worker.objects.filter(id=row.id).update(seen_at=Now())
    if not known:
        row.save(force_insert=True)
        Worker.objects.long_gone().delete()


def _on_ready(**_: Any) -> None:
    """Looks at once for jobs that were left behind: beat's next sweep may be half a minute away, or beat itself."""
    broker.sweep_soon()


def _on_leaving(**_: Any) -> None:
    _leaving.value = True


def _on_stop(**_: Any) -> None:
    _stopping.set()
    _say_goodbye()


def _say_goodbye() -> None:
    from inference.models import Worker

    try:
        Worker.objects.filter(host=socket.gethostname(), pid=os.getpid()).delete()
    except Error:
        log.warning("could_not_say_goodbye")
