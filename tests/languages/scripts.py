"""Finds sentences in a script, which should come from the server in the reader's language."""

from __future__ import annotations

import re

LITERAL = re.compile(r"""(["'`])((?:\\.|(?!\1).)*)\1""", re.DOTALL)
COMMENT = re.compile(r"^\s*(?://.*|/?\*.*)$", re.MULTILINE)
SENTENCE = re.compile(r"^[A-Z][a-z]+,? [^\s]")


def unmarked(source: str) -> list[str]:
    """Literals of several words that begin as a sentence does."""
    return [text for _, text in LITERAL.findall(COMMENT.sub("", source)) if SENTENCE.match(text)]
