"""Finds text in a template that people would read and that is not marked for translation."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from django.template.base import Lexer, TokenType

WORDS_OF_ATTRIBUTES = frozenset(
    {"alt", "aria-label", "aria-description", "aria-valuetext", "label", "placeholder", "title"}
)
NAMES = re.compile(
    r"\b(Undertone|API|PDF|CSV|PHQ-9|GAD-7)\b|Authorization: Token|manage\.py \w+|celery -A config worker"
)
"""What is called so in every language, or is typed so."""

LITERAL = re.compile(r"""(_\()?(?:"([^"]*)"|'([^']*)')""")
SAID_BY_FILTER = re.compile(r"""\|(?:yesno|default|default_if_none|pluralize|add):(?:"([^"]*)"|'([^']*)')""")
READS_AS_WORDS = re.compile(r"^[A-Z][a-z]|[a-z] [a-z]")


def unmarked(source: str) -> list[str]:
    """The texts of ``source``, each with its white space collapsed."""
    found: list[str] = []
    reader = _Reader(found, is_markup="<" in source)
    reader.feed(_without_tags(source, found))
    reader.close()
    return [text for text in found if re.search(r"[^\W\d_]", NAMES.sub("", text))]


def _without_tags(source: str, found: list[str]) -> str:
    """``source`` without what is marked and without Django's tags, whose own words are added to ``found``."""
    kept: list[str] = []
    marked = False
    for token in Lexer(source).tokenize():
        name = token.contents.split()[0] if token.contents.split() else ""
        if token.token_type == TokenType.BLOCK and name in {"blocktranslate", "endblocktranslate"}:
            marked = name == "blocktranslate"
        elif token.token_type == TokenType.TEXT and not marked:
            kept.append(token.contents)
        elif token.token_type == TokenType.VAR and not marked:
            found += [first or second for first, second in SAID_BY_FILTER.findall(token.contents)]
        elif token.token_type == TokenType.BLOCK and name in {"include", "with"}:
            found += _given(token.contents)
    return "".join(kept)


def _given(contents: str) -> list[str]:
    """Words that a tag hands on, without names of templates and other codes."""
    literals = [(marked, first or second) for marked, first, second in LITERAL.findall(contents)]
    return [text for marked, text in literals if not marked and READS_AS_WORDS.search(text)]


class _Reader(HTMLParser):
    """Adds to ``found`` what is read: text, and the words of attributes."""

    def __init__(self, found: list[str], *, is_markup: bool) -> None:
        super().__init__()
        self.found, self.is_markup, self.silent = found, is_markup, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in {"script", "style"}
        for name, value in attrs:
            if value and (name in WORDS_OF_ATTRIBUTES or (name.startswith("data-") and READS_AS_WORDS.search(value))):
                self.handle_data(value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.found.append(" ".join(data.split()))
