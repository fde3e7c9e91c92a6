"""Whatever people read is marked for translation, but for what stays in English by intention."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.embedded import REPOSITORY
from tests.languages import scripts, sentences, visible
from tests.languages.in_english import IN_ENGLISH, SENTENCES_IN_ENGLISH

Finder = Callable[[str], list[str]]


def templates() -> Iterator[Path]:
    yield from sorted(path for path in (REPOSITORY / "templates").rglob("*") if path.is_file())


def modules() -> Iterator[Path]:
    for folder in ("accounts", "config", "inference", "sessions_app", "tenancy"):
        yield from sorted((REPOSITORY / folder).rglob("*.py"))


def own_scripts() -> Iterator[Path]:
    yield from sorted((REPOSITORY / "static" / "js").glob("*.js"))


def unmarked(paths: Iterator[Path], find: Finder) -> dict[str, list[str]]:
    """What each file says that is not marked; migrations and what stays in English left out."""
    places = {path.relative_to(REPOSITORY).as_posix(): path for path in paths}
    found = {
        place: [text for text in find(path.read_text()) if text not in SENTENCES_IN_ENGLISH]
        for place, path in places.items()
        if not place.startswith(IN_ENGLISH) and "/migrations/" not in place
    }
    return {place: texts for place, texts in found.items() if texts}


def test_no_page_has_text_that_is_not_marked_for_translation() -> None:
    assert unmarked(templates(), visible.unmarked) == {}


def test_no_module_has_sentences_or_labels_that_are_not_marked_for_translation() -> None:
    assert unmarked(modules(), sentences.unmarked) == {}


def test_no_script_has_sentences_of_its_own() -> None:
    assert unmarked(own_scripts(), scripts.unmarked) == {}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<h1>Sign in</h1>", "Sign in"),
        ('<a href="/"{% if here %} aria-label="First page"{% endif %}></a>', "First page"),
        ("{% block title %}Sign in · Undertone{% endblock %}", "Sign in · Undertone"),
        ("<p>{% if a %}yes{% endif %}</p>", "yes"),
        ('<p>{{ count|default:"none yet" }}</p>', "none yet"),
        ('<p>{{ is_on|yesno:"on,off" }}</p>', "on,off"),
        ('{% include "_help.html" with words="What this means" %}', "What this means"),
        ('<p data-over="You were signed out."></p>', "You were signed out."),
        ("Dear {{ name }},", "Dear ,"),
    ],
)
def test_text_of_a_template_is_found(source: str, text: str) -> None:
    assert text in visible.unmarked(source)


@pytest.mark.parametrize(
    "source",
    [
        "<h1>{% translate 'Sign in' %}</h1>",
        "<p>{% blocktranslate %}Hello <b>{{ name }}</b>.{% endblocktranslate %}</p>",
        '<p>{{ count|default:_("none yet") }} · 12 %</p>',
        '{% include "_help.html" with words=_("What this means") use="addForm" %}',
        "{# Not shown #}<script>const words = 'not read';</script>",
        "{% block title %}{% translate 'Sign in' %} · Undertone{% endblock %}",
        '<form class="sheet stack" hx-trigger="every 5s" data-copy="#token"></form>',
    ],
)
def test_what_is_marked_or_not_read_is_not_found(source: str) -> None:
    assert visible.unmarked(source) == []


def test_sentences_and_labels_of_a_module_are_found() -> None:
    source = '''
"""A docstring is not shown."""
IDLE = "You were signed out."
class Role(models.TextChoices):
    STAFF = "staff", "Staff"
    ADMIN = "admin", gettext_lazy("Clinic administrator")
field = forms.CharField(label="Your name", help_text="Is only for the schema.")
self.fields["text"].label = "Note"
messages.success(request, f"{person} can sign in again.")
messages.success(request, gettext("This is marked."))
log.warning("This is for the log.")
raise ValueError("This is shown to nobody.")
'''
    found = ["You were signed out.", "Staff", "Your name", "Note", "{} can sign in again."]
    assert sorted(sentences.unmarked(source)) == sorted(found)


def test_sentences_of_a_script_are_found() -> None:
    source = """
    // A comment is not shown.
    this.complain("Please drop one recording at a time.");
    note.textContent = `Uploading, ${percent} % of it`;
    addEventListener("DOMContentLoaded", () => root.querySelector("form.stack button"));
    """
    assert scripts.unmarked(source) == ["Please drop one recording at a time.", "Uploading, ${percent} % of it"]
