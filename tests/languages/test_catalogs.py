"""The catalogues: whole, in step with the pages and with what Django reads, and true to each text's own parts."""

from __future__ import annotations

import ast
import re

import pytest
from babel.messages.catalog import Message
from django.conf import settings

from config.embedded import REPOSITORY
from tests.languages import catalogs

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]")
TAG = re.compile(r"</?\w+[^>]*>")
MARKUP = re.compile(r"""["<>&]""")
"""What a template takes as it is, so that another of these would break a tag or an attribute."""

LANGUAGES = pytest.mark.parametrize("language", catalogs.languages())


def forms(message: Message) -> list[tuple[str, str]]:
    """Each form of the translation beside the English that it stands for."""
    if isinstance(message.id, str):
        return [(message.id, message.string)]
    return [(message.id[min(number, 1)], string) for number, string in enumerate(message.string)]


def test_spanish_is_there() -> None:
    assert catalogs.languages() == ["es"]


@LANGUAGES
def test_a_catalogue_has_every_text_and_no_other(language: str) -> None:
    assert catalogs.texts(catalogs.written(language)) == catalogs.texts(catalogs.collected())


def test_no_text_stands_inside_an_f_string_where_it_would_not_be_collected() -> None:
    hidden = [
        f"{path}:{node.lineno}"
        for folder in catalogs.MODULES
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.JoinedStr) and any(map(_marks, ast.walk(node)))
    ]
    assert hidden == []


def _marks(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in catalogs.KEYWORDS


@LANGUAGES
def test_every_text_is_translated_and_none_is_a_guess(language: str) -> None:
    assert catalogs.waiting(catalogs.written(language)) == []


@LANGUAGES
def test_what_django_reads_says_the_same_as_what_translators_write(language: str) -> None:
    read = catalogs.compiled(language)
    for message in catalogs.written(language):
        if message.pluralizable:
            assert [read.ngettext(*message.id, count) for count in (1, 2)] == list(message.string)
        elif message.context:
            assert read.pgettext(message.context, message.id) == message.string
        elif message.id:
            assert read.gettext(message.id) == message.string


@LANGUAGES
def test_a_translation_has_the_placeholders_and_tags_of_its_text(language: str) -> None:
    for message in catalogs.written(language):
        for english, translated in forms(message) if message.id else []:
            for part in (PLACEHOLDER, TAG, MARKUP):
                assert sorted(part.findall(translated)) == sorted(part.findall(english)), english


@LANGUAGES
def test_a_text_that_counts_has_as_many_forms_as_the_language(language: str) -> None:
    catalog = catalogs.written(language)
    counting = [message for message in catalog if message.pluralizable]
    assert all(len(message.string) == catalog.num_plurals for message in counting)


@LANGUAGES
def test_a_translation_begins_and_ends_as_its_text_does(language: str) -> None:
    for message in catalogs.written(language):
        for english, translated in forms(message) if message.id else []:
            for end in ("\n", " ", "."):
                assert translated.startswith(end) == english.startswith(end), english
                assert translated.endswith(end) == english.endswith(end), english


def test_every_language_that_has_a_catalogue_is_offered_and_no_other() -> None:
    assert {code for code, _ in settings.LANGUAGES} == {"en", *catalogs.languages()}
