"""A plugin of pytest, for `make security`: prints last, as a table, the figures that tests have counted.

A test gives a figure with ``record_property(name, number)``; several tests that give the same add up. One that no test
gave is said not to be measured.
"""

from __future__ import annotations

from collections import Counter

import pytest

FIGURES = (
    "routes",
    "cells",
    "wrong answers",
    "cross-tenant rows with filters removed",
    "tampering kinds found of 5",
    "plaintext hits",
    "log hits",
    "schemathesis calls",
    "schemathesis errors",
    "ASVS test",
    "ASVS document",
    "ASVS not applicable",
    "ASVS not met",
)

_counted: Counter[str] = Counter()
_given: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect what the test has recorded."""
    if report.when != "call":
        return
    for name, number in report.user_properties:
        if name in FIGURES and isinstance(number, int):
            _counted[name] += number
            _given.add(name)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> object:
    """Print the table below everything else."""
    result = yield
    width = max(map(len, FIGURES))
    terminalreporter.section("Security")
    for name in FIGURES:
        number = str(_counted[name]) if name in _given else "not measured"
        terminalreporter.write_line(f"{name:<{width}}  {number:>12}")
    return result
