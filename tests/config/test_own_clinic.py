"""A clinic's own database, made by the statements of the README: two roles, none of them a superuser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from config.embedded import REPOSITORY
from tests.config.test_production import SOUND
from tests.stack import ADDRESSES, drop_database

NAMES = {"undertone": "own_clinic_application", "owner": "own_clinic_owner"}
PASSWORD = "of-this-test"


def statements() -> list[str]:
    """Those of the README, with names that no other test has."""
    found = re.findall(r"^    (CREATE (?:ROLE|DATABASE) .*;)$", (REPOSITORY / "README.md").read_text(), re.MULTILINE)
    assert len(found) == 3
    made = [statement.replace("'...'", f"'{PASSWORD}'") for statement in found]
    return [re.sub(r"\b(undertone|owner)\b", lambda name: NAMES[name[0]], statement) for statement in made]


def administer(*asked: str) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        for statement in asked:
            connection.execute(statement)


def clear() -> None:
    drop_database(NAMES["undertone"])
    administer(*(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)).as_string() for name in NAMES.values()))


@pytest.fixture
def environment(django_db_setup: None) -> Iterator[dict[str, str]]:
    """What the commands are told: the addresses of the new database, for either role."""
    clear()
    administer(*statements())
    server = urlsplit(os.environ["DATABASE_OWNER_URL"])
    place = f"{NAMES['undertone']}?{server.query}"
    host = server.netloc.rpartition("@")[2]
    addresses = {name: f"postgresql://{role}:{PASSWORD}@{host}/{place}" for name, role in NAMES.items()}
    given = {"DATABASE_URL": addresses["undertone"], "DATABASE_OWNER_URL": addresses["owner"]}
    yield os.environ | given
    clear()


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    asked = [sys.executable, "manage.py", *command]
    return subprocess.run(asked, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


def test_the_tables_are_made_by_an_owner_who_is_no_superuser_and_a_patient_is_erased_with_all_changes(
    environment: dict[str, str],
) -> None:
    made = run(environment, "migrate", "--verbosity=0")
    assert (made.returncode, made.stderr) == (0, "")
    code = (
        "from accounts.models import Clinic; from sessions_app.models import Patient, PatientChange;"
        "from django.db import connection, transaction; from tenancy import acting_for, every_clinic\n"
        "with every_clinic(): clinics = [Clinic.objects.create(name=name) for name in ('One', 'Other')]\n"
        "with every_clinic(): [Patient.objects.create(clinic=one, reference='P-1') for one in clinics]\n"
        "with acting_for(clinics[0].id), transaction.atomic():\n"
        "    Patient.objects.get().delete(); print(Patient.objects.count(), PatientChange.objects.count())\n"
        "with every_clinic(): print(Patient.objects.count(), PatientChange.objects.count())"
    )
    done = run(environment, "shell", "--no-imports", "-c", code)
    assert (done.stderr, done.stdout.split()) == ("", ["0", "0", "1", "1"])


def test_a_migration_that_was_interrupted_is_run_again(environment: dict[str, str], tmp_path: Path) -> None:
    production = SOUND | {name: environment[name] for name in ADDRESSES} | {"UNDERTONE_DATA": str(tmp_path)}
    there = environment | production
    assert run(there, "migrate", "--verbosity=0").returncode == 0
    # The rights come last.
    with psycopg.connect(environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {NAMES['undertone']}")
    again = run(there, "migrate", "--verbosity=0")
    assert (again.returncode, again.stderr) == (0, "")


def test_without_the_owners_address_the_command_names_the_variable(environment: dict[str, str]) -> None:
    refused = run({**environment, "DATABASE_OWNER_URL": ""}, "migrate")
    assert refused.returncode == 1
    assert refused.stderr.startswith("CommandError: DATABASE_OWNER_URL is not set.")
