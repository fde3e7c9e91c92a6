"""The lock files that `make demo` and `make test` install from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from config.embedded import REPOSITORY

RUNTIME, DEVELOPMENT = REPOSITORY / "requirements.lock", REPOSITORY / "requirements-dev.lock"


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def _pinned(lock: Path) -> dict[str, str]:
    lines = (line.strip() for line in lock.read_text().splitlines())
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def _wanted(*extras: str) -> set[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    return {_name(line) for line in [*project["dependencies"], *(line for extra in extras for line in optional[extra])]}


def test_the_runtime_lock_has_every_dependency() -> None:
    assert _wanted() - _pinned(RUNTIME).keys() == set()


def test_the_development_lock_has_every_dependency_and_extra() -> None:
    assert _wanted("dev", "train") - _pinned(DEVELOPMENT).keys() == set()


def test_both_locks_agree() -> None:
    development = _pinned(DEVELOPMENT)
    assert {name: version for name, version in _pinned(RUNTIME).items() if development.get(name) != version} == {}


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT])
def test_torch_is_pinned_so_that_any_build_of_it_fits_and_no_index_is_named(lock: Path) -> None:
    assert _pinned(lock)["torch"] == "2.13.0"
    assert not re.search(r"://|--index|--find-links [^-]", lock.read_text().split("amqp", 1)[1])
