"""Every kind of fault, as a story of a few steps: what is uploaded, what breaks, and what must come of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from threading import Thread

from django.core.files.storage import default_storage
from django.db import connection

from inference import broker, services
from inference.errors import WorkerLost
from inference.models import AnalysisJob, JobMove, JobState
from sessions_app.models import Recording
from tenancy import every_clinic
from tests.faults.client import Accepted, Upload
from tests.faults.installation import clock_off
from tests.faults.orders import Deed, Order, Point
from tests.faults.trial import Steps, Trial, after, asked, attempts, is_open, is_over, parent_of

SERVERS, WORKERS = "servers", "workers"
"""What a fault may need for itself alone."""

QUEUED = 100
HANDED_OVER_SECONDS = 5.0
CANCELLED_SECONDS = 10.0
ANSWERED_SECONDS = 20.0
"""A person waits no longer for an answer while Redis stands still."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``story``: what happens. ``alone``: of what the fault needs all, so that no other takes it away."""

    name: str
    story: Callable[[Trial], Steps[None]]
    alone: frozenset[str] = frozenset()


def kinds(redis_away: float) -> list[Kind]:
    """All of them; ``redis_away``: seconds for which Redis is gone where it is stopped."""
    killed = [
        Kind(f"SIGKILL of {deed.removeprefix('kill ')}, {point}", partial(_struck, order=Order(point, deed)))
        for deed in (Deed.KILL_CHILD, Deed.KILL_MAIN, Deed.KILL_GROUP)
        for point in (Point.CLAIMED, Point.DECODE, Point.MODEL, Point.COMMIT, Point.COMMITTED)
    ]
    servers, workers = frozenset({SERVERS}), frozenset({WORKERS})
    return [
        *killed,
        Kind("SIGSTOP past the lease, then SIGCONT", _stopped_for_long, workers),
        Kind("SIGTERM mid-job", _told_to_leave, workers),
        Kind(f"Redis stopped for {redis_away:g} s", partial(_redis_stopped, seconds=redis_away), servers),
        Kind("Redis restarted empty", partial(_redis_stopped, seconds=0.0), servers),
        Kind("Redis stands still", _redis_frozen, servers),
        Kind(f"FLUSHALL with {QUEUED} queued", _flushed, servers | workers),
        Kind("Redis out of memory", _redis_full, servers),
        Kind("PostgreSQL stopped mid-job", _postgres_stopped_mid_job, servers),
        Kind("PostgreSQL stopped mid-upload", _postgres_stopped_mid_upload, servers),
        Kind("database connections terminated", _connections_terminated, servers),
        Kind("web server killed mid-upload", _web_killed, servers),
        Kind("web server killed, file named, no rows yet", _web_killed_before_rows, servers),
        Kind("web server killed, rows deleted, file not", _web_killed_before_removal, servers),
        Kind("disk full at upload", _disk_full_at_upload, servers),
        Kind("disk full at the worker", partial(_struck, order=Order(Point.CLAIMED, Deed.FULL_DISK))),
        Kind("accelerator out of memory", partial(_struck, order=Order(Point.MODEL, Deed.OUT_OF_MEMORY))),
        Kind("decoder crashes at every attempt", _poisonous),
        Kind("file deleted between queue and run", _file_gone),
        Kind("recording deleted mid-job", _deleted),
        Kind("cancelled mid-job", _cancelled),
        Kind("the same message ten times", _ten_messages, servers),
        Kind("sweepers at once", _sweepers, servers),
        Kind("beat killed", _beat_killed),
        Kind("worker clock two hours ahead", partial(_clock_off, hours=2.0), servers | workers),
        Kind("worker clock two hours behind", partial(_clock_off, hours=-2.0), servers | workers),
    ]


def _struck(trial: Trial, order: Order) -> Steps[None]:
    job = yield from trial.bring(order=order)
    yield from trial.carried_out(job)
    trial.struck(trial.scene.orders.done_at(job.sha256))
    yield from trial.settled()
    # A child may end its work when only its main process was killed; what was committed needs no second attempt.
    again = order.deed != Deed.KILL_MAIN and order.point != Point.COMMITTED
    if again and attempts(job.job) < 2:
        trial.problems.append("the fault did no harm")


def _stopped_for_long(trial: Trial) -> Steps[None]:
    job, process = yield from _held(trial)
    os.kill(process, signal.SIGSTOP)
    trial.struck()
    try:
        trial.scene.orders.release(job.sha256)
        yield lambda: attempts(job.job) > 1
        yield from trial.settled()
    finally:
        _signal(process, signal.SIGCONT)
    # What it does now it does without a lease.
    yield after(2.0)


def _told_to_leave(trial: Trial) -> Steps[None]:
    job, process = yield from _held(trial)
    os.kill(parent_of(process), signal.SIGTERM)
    trial.struck()
    given_back = JobMove.objects.filter(pgh_obj_id=job.job, state=JobState.QUEUED).order_by("-pgh_id")
    yield lambda: asked(lambda: given_back.count() > 1, False)
    waited = given_back[0].pgh_created_at.timestamp() - (trial.struck_at or 0.0)
    if waited > HANDED_OVER_SECONDS:
        trial.problems.append(f"handed over after {waited:.1f} s")
    yield from trial.settled()
    trial.scene.orders.release(job.sha256)


def _redis_stopped(trial: Trial, seconds: float) -> Steps[None]:
    installation = trial.scene.installation
    yield from trial.bring()
    installation.stop_redis()
    trial.struck()
    try:
        if seconds:
            yield from trial.bring()
            yield after(seconds)
    finally:
        installation.start_redis()
    yield from trial.bring()
    yield from trial.settled()


def _redis_frozen(trial: Trial) -> Steps[None]:
    installation = trial.scene.installation
    yield from trial.bring()
    installation.freeze_redis()
    trial.struck()
    try:
        yield from trial.bring()
        waited = time.time() - (trial.struck_at or 0.0)
        if waited > ANSWERED_SECONDS:
            trial.problems.append(f"an upload was answered after {waited:.1f} s")
        yield after(8.0)
    finally:
        installation.thaw_redis()
    yield from trial.settled()


def _flushed(trial: Trial) -> Steps[None]:
    installation = trial.scene.installation
    with _paused_workers(trial):
        for number in range(QUEUED):
            # Words fail fast, and what counts here is that each job is found again.
            words = f"{next(trial.scene.numbers)}: no sound at all, number {number}. ".encode() * 30
            job = yield from trial.bring(Upload.of(trial.scene.session, words))
            trial.expected[job.job] = "failed not_audio"
        installation.redis().flushall()
        trial.struck()
    yield from trial.settled()


def _redis_full(trial: Trial) -> Steps[None]:
    broker = trial.scene.installation.redis()
    broker.config_set("maxmemory", "1")
    trial.struck()
    try:
        yield from trial.bring()
        yield after(2.0)
    finally:
        broker.config_set("maxmemory", "0")
    yield from trial.settled()


def _postgres_stopped_mid_job(trial: Trial) -> Steps[None]:
    job, _ = yield from _held(trial)
    with _without_postgres(trial):
        yield after(1.0)
    trial.scene.orders.release(job.sha256)
    yield from trial.settled()


def _half_sent(trial: Trial, upload: Upload) -> Steps[Iterator[None]]:
    """An upload of which half has been sent; begun again while another trial's fault keeps the web server away."""
    while True:
        half = trial.scene.client.send_in_steps(upload)
        try:
            next(half)
        except StopIteration:
            yield after(0.5)
        else:
            return half


def _postgres_stopped_mid_upload(trial: Trial) -> Steps[None]:
    upload = trial.scene.upload()
    half = yield from _half_sent(trial, upload)
    with _without_postgres(trial):
        _expect(trial, half, 503)
    yield from trial.bring(upload)
    yield from trial.settled()


def _connections_terminated(trial: Trial) -> Steps[None]:
    job, _ = yield from _held(trial)
    trial.scene.installation.terminate_connections()
    trial.struck()
    trial.scene.orders.release(job.sha256)
    yield from trial.bring()
    yield from trial.settled()


def _web_killed(trial: Trial) -> Steps[None]:
    upload = trial.scene.upload()
    half = yield from _half_sent(trial, upload)
    web = trial.scene.installation.programs["web"].process
    assert web is not None
    web.kill()
    trial.struck()
    _expect(trial, half, 0)
    yield from trial.bring(upload)
    yield from trial.settled()


def _web_killed_before_rows(trial: Trial) -> Steps[None]:
    job = yield from trial.bring(order=Order(Point.STORED, Deed.KILL_CHILD))
    trial.struck(trial.scene.orders.done_at(job.sha256))
    yield from trial.settled()


def _web_killed_before_removal(trial: Trial) -> Steps[None]:
    job = yield from trial.bring()
    yield from trial.settled()
    trial.expected[job.job] = "deleted"
    trial.scene.orders.give(job.sha256, Order(Point.REMOVING, Deed.KILL_CHILD))
    _ask(trial, 0, trial.scene.client.delete(f"/api/v1/recordings/{job.recording}"))
    trial.struck(trial.scene.orders.done_at(job.sha256))


def _disk_full_at_upload(trial: Trial) -> Steps[None]:
    upload = trial.scene.upload()
    # Another trial's fault may keep the web server away, which is not this one's.
    yield trial.scene.client.is_answered
    with trial.scene.installation.full_disk("web"):
        trial.struck()
        _expect(trial, trial.scene.client.send_in_steps(upload), 507)
    yield from trial.bring(upload)
    yield from trial.settled()


def _poisonous(trial: Trial) -> Steps[None]:
    job = yield from trial.bring(order=Order(Point.DECODE, Deed.CRASH, always=True))
    trial.expected[job.job] = f"failed {WorkerLost.code}"
    yield from trial.carried_out(job)
    trial.struck(trial.scene.orders.done_at(job.sha256))
    yield from trial.settled()


def _file_gone(trial: Trial) -> Steps[None]:
    job, _ = yield from _held(trial, Point.CLAIMED)
    trial.expected[job.job] = "failed file_gone"
    default_storage.delete(AnalysisJob.objects.get(id=job.job).file)
    trial.struck()
    trial.scene.orders.release(job.sha256)
    yield from trial.settled()


def _deleted(trial: Trial) -> Steps[None]:
    job, _ = yield from _held(trial)
    trial.expected[job.job] = "deleted"
    yield lambda: trial.scene.client.delete(f"/api/v1/recordings/{job.recording}") in (204, 404)
    trial.struck()
    trial.scene.orders.release(job.sha256)
    yield lambda: asked(lambda: not Recording.objects.filter(id=job.recording).exists(), False)


def _cancelled(trial: Trial) -> Steps[None]:
    job, process = yield from _held(trial)
    trial.expected[job.job] = JobState.CANCELLED.value
    services.job_cancel(job.job, by="a person")
    trial.struck()
    # The work is held and says nothing, so that its process has to end before another job can have its place. When it
    # did is noted by a thread: the trials take turns, and another one's upload may keep this one waiting.
    ended: list[float] = []
    Thread(target=_note_end, args=(process, ended), daemon=True).start()
    yield lambda: bool(ended)
    waited = ended[0] - (trial.struck_at or 0.0)
    if waited > CANCELLED_SECONDS:
        trial.problems.append(f"stopped {waited:.1f} s after it was cancelled")


def _note_end(process: int, ended: list[float]) -> None:
    while not is_over(process):
        time.sleep(0.05)
    ended.append(time.time())


def _ten_messages(trial: Trial) -> Steps[None]:
    job = yield from trial.bring()
    for _ in range(10):
        broker.publish(AnalysisJob.objects.get(id=job.job).id, 0)
    trial.struck()
    yield from trial.settled()
    yield after(1.0)


def _sweepers(trial: Trial) -> Steps[None]:
    job = yield from trial.bring(order=Order(Point.CLAIMED, Deed.KILL_CHILD))
    yield from trial.carried_out(job)
    trial.struck()
    while is_open(job.job):
        both = [Thread(target=_sweep) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        broker.sweep_soon()
        yield after(0.2)
    yield from trial.settled()


def _beat_killed(trial: Trial) -> Steps[None]:
    job = yield from trial.bring(order=Order(Point.CLAIMED, Deed.KILL_CHILD))
    yield from trial.carried_out(job)
    beat = trial.scene.installation.programs["beat"].process
    assert beat is not None
    beat.kill()
    trial.struck()
    yield from trial.settled()


def _clock_off(trial: Trial, hours: float) -> Steps[None]:
    """One worker with a wrong clock does all the work for a while, and loses a child meanwhile."""
    installation = trial.scene.installation
    late = f"worker-{hours:+g}h"
    installation.add_worker(late, environment=clock_off(hours))
    try:
        yield lambda: asked(installation.workers_ready, 0) > len(installation.programs) - 3
        with _paused_workers(trial, but=late):
            trial.struck()
            yield from trial.bring()
            yield from trial.bring(order=Order(Point.MODEL, Deed.KILL_CHILD))
            yield from trial.settled()
    finally:
        installation.remove(late)


def _held(trial: Trial, point: Point = Point.MODEL) -> Steps[tuple[Accepted, int]]:
    """Bring a recording whose analysis stands still at ``point``; the process that it stands still in."""
    job = yield from trial.bring(order=Order(point, Deed.HOLD))
    process = yield from trial.carried_out(job)
    return job, process


@contextmanager
def _paused_workers(trial: Trial, but: str = "") -> Iterator[None]:
    """Inside, no worker ``but`` one takes anything from the queue."""
    programs = trial.scene.installation.programs
    paused = [p.process.pid for name, p in programs.items() if name.startswith("worker") and name != but and p.process]
    for process in paused:
        _signal(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in paused:
            _signal(process, signal.SIGCONT)


@contextmanager
def _without_postgres(trial: Trial) -> Iterator[None]:
    connection.close()
    trial.scene.installation.stop_postgres()
    trial.struck()
    try:
        yield
    finally:
        trial.scene.installation.start_postgres()


def _expect(trial: Trial, sending: Iterator[None], status: int) -> None:
    """Send the rest of an upload, which must be answered with ``status``."""
    answer: Accepted | int | None = None
    try:
        while True:
            next(sending)
    except StopIteration as end:
        answer = end.value
    if answer != status:
        trial.problems.append(f"the upload was answered with {answer} instead of {status}")
    if isinstance(answer, Accepted):
        trial.accepted.append(answer)


def _ask(trial: Trial, expected: int, status: int) -> None:
    if status != expected:
        trial.problems.append(f"answered with {status} instead of {expected}")


@every_clinic()
def _sweep() -> None:
    services.sweep()
    connection.close()


def _signal(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)
