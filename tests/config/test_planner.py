"""What every connection asks of PostgreSQL's planner."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.mark.parametrize(("name", "value"), [("jit", "off"), ("seq_page_cost", "0.1"), ("random_page_cost", "0.11")])
def test_a_connection_takes_pages_as_cheap_and_compiles_nothing(db: None, name: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (value,)
