"""An installation that offers one language."""

from __future__ import annotations

import pytest
from pytest_django import Settings


@pytest.fixture
def only_english(settings: Settings) -> None:
    """Nothing but English is offered."""
    settings.LANGUAGES = [("en", "English")]
