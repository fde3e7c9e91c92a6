"""What `make audit` says of what pip-audit printed."""

from __future__ import annotations

import json
from typing import Any

from tests.security.audit import verdict


def printed(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages})


SOUND = {"name": "django", "version": "5.2", "vulns": []}
NOT_FOUND = {"name": "amqp", "skip_reason": "Dependency not found on PyPI"}
VULNERABLE = {"name": "old", "version": "1", "vulns": [{"id": "PYSEC-1"}]}


def test_packages_that_were_all_looked_up_are_audited() -> None:
    assert verdict(printed(SOUND, SOUND)) == (0, "Audited: 2 packages, none with a known vulnerability.")


def test_a_vulnerable_package_is_named() -> None:
    assert verdict(printed(SOUND, NOT_FOUND, VULNERABLE)) == (1, "Known vulnerabilities: old 1: PYSEC-1")


def test_packages_that_could_not_be_looked_up_are_no_success() -> None:
    assert verdict(printed(SOUND, NOT_FOUND)) == (2, "NOT AUDITED: of 2 packages, 1 could not be looked up.")
    assert verdict("")[0] == verdict(printed())[0] == 2
