"""Fixtures for all tests."""

from __future__ import annotations

import pytest

from tests.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """Two clinics with people and patients; see `tests.world.World`."""
    return make_world()
