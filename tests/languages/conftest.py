"""Spanish, also as long as it is not offered to people."""

from __future__ import annotations

import pytest
from pytest_django import Settings

ENGLISH_AND_SPANISH = [("en", "English"), ("es", "Spanish")]


@pytest.fixture
def spanish(settings: Settings) -> None:
    """Spanish is offered."""
    settings.LANGUAGES = ENGLISH_AND_SPANISH
