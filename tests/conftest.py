"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import setup_databases, teardown_databases
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from tenancy import every_clinic
from tests.world import World, make_world

# How fast a machine is today says nothing of the code.
settings.register_profile("undertone", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("undertone")


@pytest.fixture
def world(db: None) -> World:
    """Two clinics with people and patients; see `tests.world.World`."""
    return make_world()


@pytest.fixture(autouse=True)
def _operator() -> Iterator[None]:
    """A test makes and looks at rows of every clinic, as an operator does; requests and jobs in it see their own."""
    with every_clinic():
        yield


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was tried too often in one test keeps nobody out in another."""
    monkeypatch.setattr(caches["default"], "key_prefix", uuid4().hex)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make the test database as the owner of its tables; all tests then connect as the application does."""
    application = connections[DEFAULT_DB_ALIAS]
    owner = connections["owner"].copy(DEFAULT_DB_ALIAS)
    owner.settings_dict["TEST"] = application.settings_dict["TEST"]
    connections[DEFAULT_DB_ALIAS] = owner
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
        _let_tests_empty_tables(owner, application.settings_dict["USER"])
        owner.close()
    application.settings_dict["NAME"] = owner.settings_dict["NAME"]
    connections[DEFAULT_DB_ALIAS] = application
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        teardown_databases(made, verbosity=0)


def _let_tests_empty_tables(owner: BaseDatabaseWrapper, role: str) -> None:
    """Let tests with transactions of their own empty the tables, the access log too, by TRUNCATE and no other way.

    Nothing in the application can: what they are allowed here is a change of the test database's own tables.
    """
    with owner.cursor() as cursor:
        cursor.execute(f"GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO {owner.ops.quote_name(role)}")
        cursor.execute(
            "SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname)"
            " FROM pg_trigger WHERE tgname LIKE 'pgtrigger_no_truncate_%'"
        )
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
