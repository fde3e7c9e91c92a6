"""What the README promises."""

from __future__ import annotations

import re

import pytest

from config.embedded import REPOSITORY
from sessions_app.demo.people import LOGINS

README = (REPOSITORY / "README.md").read_text()


def test_every_variable_that_the_settings_read_is_in_the_table() -> None:
    read = set(
        re.findall(
            r'(?:env\.\w+|required_in_production)\(\s*"([A-Z_]+)"', (REPOSITORY / "config" / "settings.py").read_text()
        )
    )
    listed = set(re.findall(r"`([A-Z_]+)`", README))
    assert len(read) > 15
    assert read - listed == set()


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login.role)
def test_every_log_in_of_the_demonstration_is_in_the_readme(login) -> None:
    assert f"| `{login.email}` | `{login.password}` |" in README


def test_every_page_that_the_readme_points_to_is_there() -> None:
    pages = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(pages) > 4
    assert [page for page in pages if not (REPOSITORY / page).exists()] == []
