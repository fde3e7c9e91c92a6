"""A sentence that was kept in English, in the language of whoever reads."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from django.utils.translation import get_language, gettext

PLACE = re.compile(r"%\((\w+)\)s")
"""What stands in a sentence of a table for a value, by its name."""


def retold(kept: str, sentences: Iterable[str] = ()) -> str:
    """``kept`` as the first of ``sentences`` that it is, with the values that it holds; else as its own translation.

    What no catalogue has stays as it was kept.
    """
    for sentence in sentences:
        if found := _pattern(sentence).fullmatch(kept):
            return gettext(sentence) % found.groupdict()
    # The empty text is where a catalogue keeps its own heading.
    return gettext(kept) if kept else ""


def reads_english() -> bool:
    """Whether the reader's language is the engine's."""
    return (get_language() or "en").startswith("en")


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    """``sentence``, which has values or a percent sign that is written twice, as it looks when it is kept."""
    parts = PLACE.split(sentence)
    literals = [re.escape(part.replace("%%", "%")) for part in parts[::2]]
    values = [f"(?P<{name}>.+?)" for name in parts[1::2]] + [""]
    return re.compile("".join(map("".join, zip(literals, values, strict=True))), re.DOTALL)
