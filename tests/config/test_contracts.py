"""The import contracts of pyproject.toml name what they should."""

from __future__ import annotations

import tomllib

from config.embedded import REPOSITORY

JOB_HALF = {
    "models",
    "services",
    "tasks",
    "broker",
    "operations",
    "heartbeat",
    "runner",
    "worker",
    "signals",
    "stored",
    "apps",
    "management",
    "migrations",
}
NOT_CODE = {"weights", "__init__", "__pycache__"}


def _named_as_engine() -> set[str]:
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (engine,) = (contract for contract in contracts if contract["name"].startswith("The engine"))
    return {module.removeprefix("inference.") for module in engine["source_modules"]}


def test_every_module_of_inference_is_either_engine_or_job_half() -> None:
    there = {path.stem for path in (REPOSITORY / "inference").iterdir() if path.is_dir() or path.suffix == ".py"}
    assert len(there) > 20
    assert there - NOT_CODE == _named_as_engine() | JOB_HALF
    assert _named_as_engine() & JOB_HALF == set()
