"""Is this process alive, and can it serve people? Asked every few seconds by whatever starts and stops it."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from typing import TypeVar

import redis
import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.needs import Ask, needing
from inference.models import Worker

log = structlog.get_logger(__name__)

SERVER_SECONDS = 2
"""How long a server may take to answer (libpq waits for no less)."""

LONGEST_SECONDS = 3.0
"""How long a whole answer may take, whatever hangs; a probe's own time limit must be longer."""

OK, SILENT, OUTDATED = "ok", "does not answer", "tables are not up to date"

T = TypeVar("T")

# A question that hangs keeps its thread, so they are few: more probes than these find no thread and say "not ready".
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="health")


@dataclass(frozen=True, slots=True)
class DatabaseAnswer:
    """How the database is, and how many workers its rows tell of (``None`` where they cannot be asked for)."""

    state: str
    workers: dict[str, int] | None = None


@needing(GET=Ask.NOTHING)
@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """200 while this process answers; touches nothing else, as no restart of it would mend a database."""
    return JsonResponse({"live": True})


@needing(GET=Ask.NOTHING)
@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """200 if the database, with this version's tables, and Redis answer; else 503 with the one that does not.

    Workers are told of and not asked for: without them recordings are taken in all the same, and wait.
    """
    asked_database, asked_redis = _threads.submit(database), _threads.submit(broker)
    deadline = time.monotonic() + LONGEST_SECONDS
    found = _in_time(asked_database, deadline, DatabaseAnswer(SILENT))
    redis_state = _in_time(asked_redis, deadline, SILENT)
    well = found.state == redis_state == OK
    if not well:
        log.warning("not_ready", database=found.state, redis=redis_state)
    body = {"ready": well, "database": found.state, "redis": redis_state, "workers": found.workers}
    return JsonResponse(body, status=200 if well else 503)


def database() -> DatabaseAnswer:
    """Ask PostgreSQL on a new connection of this thread, which gives up soon."""
    connections[DEFAULT_DB_ALIAS] = _impatient(connections[DEFAULT_DB_ALIAS])
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {SERVER_SECONDS * 1000}")
            if pending_migrations():
                return DatabaseAnswer(OUTDATED)
            workers = {"alive": Worker.objects.alive().count(), "ready": Worker.objects.ready().count()}
        return DatabaseAnswer(OK, workers)
    except Error:
        return DatabaseAnswer(SILENT)
    finally:
        connection.close()


def broker() -> str:
    """Ask Redis, once."""
    once = Retry(NoBackoff(), 0)
    patience = {"socket_timeout": SERVER_SECONDS, "socket_connect_timeout": SERVER_SECONDS}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, retry=once, **patience) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return SILENT
    return OK


def pending_migrations() -> int:
    """How many migrations of this version the database does not have yet. Raises `django.db.Error`."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _impatient(patient: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """The same database on a connection that waits for `SERVER_SECONDS` to be made, and as long for a lost network."""
    copy = patient.copy()
    options = copy.settings_dict["OPTIONS"]
    options |= {"connect_timeout": SERVER_SECONDS, "tcp_user_timeout": SERVER_SECONDS * 1000}
    options.pop("pool", None)
    return copy


def _in_time(asked: Future[T], deadline: float, otherwise: T) -> T:
    try:
        return asked.result(timeout=max(0.0, deadline - time.monotonic()))
    except TookTooLong:
        asked.cancel()
        return otherwise
