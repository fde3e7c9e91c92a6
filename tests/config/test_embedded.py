"""The embedded PostgreSQL and Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from config import embedded
from config.embedded import REPOSITORY, EmbeddedServices
from tests.processes import processes_of, sockets_of, soon


@pytest.fixture(autouse=True)
def _no_servers_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


@pytest.fixture
def services(place: Path) -> Iterator[EmbeddedServices]:
    services = EmbeddedServices(place / "data folder", durable=False)
    yield services
    services.stop()


def _count_tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'").fetchone()
        assert row is not None
        return int(row[0])


def test_both_servers_answer_at_the_addresses_they_give(services: EmbeddedServices) -> None:
    services.start()
    assert redis.Redis.from_url(services.environment["REDIS_URL"]).ping()
    assert _count_tables(services.environment["DATABASE_URL"]) == 0


def test_a_second_start_finds_the_data_of_the_first(services: EmbeddedServices) -> None:
    services.start()
    url = services.environment["DATABASE_OWNER_URL"]
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    services.stop()
    services.start()
    assert _count_tables(url) == 1


def test_stopping_leaves_no_process_and_no_socket(services: EmbeddedServices) -> None:
    services.start()
    assert len(sockets_of(services.folder)) == 2
    services.stop()
    assert processes_of(services.folder) == []
    assert sockets_of(services.folder) == []


def test_stopping_removes_the_socket_of_a_postgresql_that_fell(services: EmbeddedServices) -> None:
    services.start()
    number = int((services.folder / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(number, signal.SIGKILL)
    assert soon(lambda: services.stopped_server() == "PostgreSQL")
    services.stop()
    assert sockets_of(services.folder) == []


def test_whoever_joins_running_servers_does_not_stop_them(services: EmbeddedServices) -> None:
    services.start()
    guest = EmbeddedServices(services.folder)
    guest.start()
    guest.stop()
    assert embedded.running(services.folder)
    assert guest.environment == services.environment


def test_a_path_too_long_for_a_socket_gets_a_short_one(place: Path) -> None:
    services = EmbeddedServices(place / ("long" * 30), durable=False)
    services.start()
    try:
        assert redis.Redis.from_url(services.environment["REDIS_URL"]).ping()
        short = embedded.redis_socket(services.folder)
        assert len(str(short)) < 100
    finally:
        services.stop()
    assert not short.parent.exists()


def test_nothing_is_started_where_servers_are_named(
    services: EmbeddedServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    services.start()
    assert services.environment == {}
    assert not embedded.running(services.folder)


def test_a_server_that_ends_by_itself_is_noticed(services: EmbeddedServices) -> None:
    services.start()
    assert services.stopped_server() is None
    redis.Redis.from_url(services.environment["REDIS_URL"]).shutdown(nosave=True)
    assert soon(lambda: services.stopped_server() == "Redis")


def test_a_pid_file_left_by_a_crash_does_not_keep_postgresql_from_starting(services: EmbeddedServices) -> None:
    services.start()
    url = services.environment["DATABASE_URL"]
    services.stop()
    # The number of a process that lives, as after a restart of the machine.
    (services.folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n1\n5432\n\n\n\nready\n")
    services.start()
    assert _count_tables(url) == 0


def test_the_servers_end_with_a_starter_that_is_killed(place: Path) -> None:
    folder = place / "data"
    start = (
        "import os, signal; from pathlib import Path; from config.embedded import EmbeddedServices;"
        f"EmbeddedServices(Path({str(folder)!r}), durable=False).start();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", start], cwd=REPOSITORY, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (folder / "postgres" / "PG_VERSION").exists()
    assert soon(lambda: processes_of(folder) == [])


def test_the_databases_own_log_quotes_no_row_and_no_statement(services: EmbeddedServices) -> None:
    services.start()
    with psycopg.connect(services.environment["DATABASE_OWNER_URL"], autocommit=True) as database:
        database.execute("CREATE TABLE kept (name text PRIMARY KEY)")
        for _ in range(2):
            with suppress(psycopg.errors.UniqueViolation):
                database.execute("INSERT INTO kept VALUES ('Wanda Quorbelik')")
    log = (services.folder / "log" / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "Quorbelik" not in log
