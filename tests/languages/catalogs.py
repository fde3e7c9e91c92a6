"""``make messages``: collects what people read from templates and modules into the catalogues, and compiles those.

Babel reads both, so that nothing but Python is needed: Django turns a template into something like a module.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from config.embedded import REPOSITORY

LOCALE = REPOSITORY / "locale"
MODULES = ("accounts", "config", "inference", "sessions_app")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(("gettext", "gettext_lazy", "gettext_noop", "_")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
NOTE = "Translators:"
"""How a comment begins that is for translators."""

BEGAN = datetime(2026, 11, 28, tzinfo=UTC)
"""Stands in every catalogue as its date, so that none changes only because it was made again."""

WIDTH = 120


def collected() -> Catalog:
    """Every text that is marked for translation."""
    catalog = Catalog(project="Undertone", version="1", creation_date=BEGAN, charset="utf-8")
    for path in _sources():
        place = path.relative_to(REPOSITORY).as_posix()
        for line, text, notes, context in extract("python", _as_module(path), KEYWORDS, [NOTE]):
            catalog.add(text, locations=[(place, line)], auto_comments=notes, context=context)
    return catalog


def languages() -> list[str]:
    """The codes of the languages of which there is a catalogue."""
    return sorted(path.parents[1].name for path in LOCALE.glob("*/LC_MESSAGES/django.po"))


def written(language: str) -> Catalog:
    """The catalogue that translators write."""
    with _path(language, "po").open("rb") as file:
        return read_po(file, locale=language)


def compiled(language: str) -> GNUTranslations:
    """The catalogue that Django reads."""
    with _path(language, "mo").open("rb") as file:
        return GNUTranslations(file)


def texts(catalog: Catalog) -> set[tuple[str | None, object]]:
    """The texts of a catalogue, each with its context; those that count as a pair."""
    return {(message.context, message.id) for message in catalog if message.id}


def update(language: str, found: Catalog) -> list[str]:
    """Write both catalogues of ``language`` anew; the texts that wait for a translator."""
    catalog = written(language)
    catalog.update(found, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = "Undertone"
    catalog.revision_date = BEGAN
    with _path(language, "po").open("wb") as file:
        write_po(file, catalog, width=WIDTH, sort_by_file=True, include_lineno=False)
    with _path(language, "mo").open("wb") as file:
        write_mo(file, catalog)
    return waiting(catalog)


def waiting(catalog: Catalog) -> list[str]:
    """The texts that have no translation, or one that somebody is to look at again."""
    return [str(message.id) for message in catalog if message.id and (message.fuzzy or not _is_whole(message))]


def _is_whole(message: Message) -> bool:
    strings = message.string if isinstance(message.string, list | tuple) else [message.string]
    return all(strings)


def _sources() -> Iterator[Path]:
    yield from sorted(path for path in (REPOSITORY / "templates").rglob("*") if path.is_file())
    for folder in MODULES:
        yield from sorted((REPOSITORY / folder).rglob("*.py"))


def _as_module(path: Path) -> BytesIO:
    source = path.read_text()
    if path.suffix == ".py":
        return BytesIO(source.encode())
    # What is indented in a template means nothing, and would be an error in a module.
    lines = templatize(source, origin=str(path)).splitlines()
    return BytesIO("\n".join(line.strip() for line in lines).encode())


def _path(language: str, kind: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"django.{kind}"


if __name__ == "__main__":
    for code in languages():
        for text in update(code, collected()):
            print(f"{code}: waits for a translator: {text}")
