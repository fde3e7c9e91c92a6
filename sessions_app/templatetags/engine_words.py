"""What the engine and its checkpoints say, as the pages write it."""

from __future__ import annotations

from django import template
from django.utils.html import format_html

from sessions_app.checkpoint_labels import NO_CARD
from sessions_app.dashboard.checkpoint_cards import NOT_SAID
from sessions_app.engine_words import errors, measures, quality, reasons
from sessions_app.engine_words.kept import reads_english

register = template.Library()

register.filter("check_words", quality.check_words)
register.filter("reason_words", reasons.reason_words)
register.filter("problem_words", errors.problem_words)
register.filter("measure_label", measures.measure_label)
register.filter("measure_definition", measures.measure_definition)
register.filter("measure_source", measures.measure_source)
register.filter("measure_unit", measures.measure_unit)


@register.filter
def card_words(said: str) -> str:
    """What a checkpoint's card says, in the language in which it is written, and marked so on a page of another."""
    if reads_english() or said in (str(NOT_SAID), str(NO_CARD)):
        return said
    return format_html('<span lang="en">{}</span>', said)
