"""Fixtures for all tests."""

from __future__ import annotations

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """Two clinics with people and patients; see `tests.world.World`."""
    return make_world()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let tests with transactions of their own empty the access log of the test database, by TRUNCATE and no other way.

    Nothing in the application can: what they are allowed here is a change of the test database's own tables.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname)"
            " FROM pg_trigger WHERE tgname LIKE 'pgtrigger_no_truncate_%'"
        )
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
