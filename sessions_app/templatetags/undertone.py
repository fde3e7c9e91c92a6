"""How scores, intervals and times are written on the pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from inference import score_words
from inference.biomarkers.definitions import Definition
from inference.results import QualityCheck, Score
from sessions_app.dashboard import quality_words, questionnaire_panel, wording
from sessions_app.engine_words.quality import value_words
from sessions_app.measures import in_unit
from sessions_app.models import Consent, QuestionnaireResponse, Scope
from sessions_app.trends import TrendPoint

register = template.Library()

GAUGE_WIDTH = 240.0
GAUGE_MARGIN = 6.0


@register.filter
def of(by_head: dict[str, Any], head: str) -> Any:
    """What there is of one head."""
    return by_head.get(head)


@register.filter
def number(value: float) -> str:
    """A score as people read it."""
    return score_words.number(value)


@register.filter
def interval(score: Score) -> str:
    """A score's interval, "0.62–0.79"."""
    return score_words.interval(score, wording.TO)


@register.filter
def state_words(score: Score) -> str:
    """What its state is called."""
    return wording.state_words(score.state)


@register.filter
def sentence(score: Score) -> str:
    """A score in one line with its interval and state."""
    return wording.score_sentence(score)


@register.filter
def covered(consent: Consent) -> str:
    """What a consent covers: "recording, voice analysis"."""
    return ", ".join(str(wording.SCOPES[Scope(scope)]) for scope in consent.scopes)


@register.filter
def measured(check: QualityCheck) -> str:
    """The value of a quality check in its unit."""
    return value_words(check)


class _Compact(DjangoJSONEncoder):
    """Without the spaces that nobody reads."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"separators": (",", ":")})


@register.filter
def data_script(data: object, element_id: str) -> SafeString:
    """Data for a script of the page, as Django's ``json_script`` and shorter."""
    return json_script(data, element_id, encoder=_Compact)


@register.filter
def advice(check: QualityCheck) -> str:
    """What to do better next time, or nothing for a check that is not known here."""
    return str(quality_words.ADVICE.get(check.code, ""))


@register.filter
def measured_in(point: TrendPoint, definition: Definition) -> str:
    """The value of one measure in its unit, or an empty string."""
    value = point.measure(definition.code)
    return "" if value is None else in_unit(definition, value)


@register.filter
def missing_words(response: QuestionnaireResponse) -> str:
    """What missing answers do to the total, or nothing."""
    return questionnaire_panel.missing_words(response)


register.filter("clock", wording.clock)


@register.filter
def cells(texts: Sequence[str]) -> SafeString:
    """Cells of a row of a table. For long tables: a loop of a template takes twice as long."""
    return format_html("<td>{}</td>" * len(texts), *texts)


@register.simple_tag
def play_part(start: float, end: float) -> SafeString:
    """A button that plays a recording from one second to another, once its script has shown it."""
    said = gettext("Play from %(from)s to %(until)s") % {"from": wording.clock(start), "until": wording.clock(end)}
    return format_html(
        '<button class="btn btn-sm" type="button" data-from="{}" data-until="{}" aria-label="{}" hidden>{}</button>',
        *(start, end, said, gettext("Play")),
    )


@register.inclusion_tag("dashboard/_score.html")
def score(given: Score | None, doubt: str | None = "") -> dict[str, Any]:
    """A score in a cell: number, state and interval, and why it is in ``doubt``."""
    return {"score": given, "doubt": doubt}


@register.inclusion_tag("dashboard/_score_help.html")
def score_help() -> dict[str, Any]:
    """What each score and each state means, folded."""
    states = {wording.state_words(state): meaning for state, meaning in wording.STATE_MEANING.items()}
    return {"heads": wording.HEAD_WORDS, "states": states}


@register.inclusion_tag("dashboard/_gauge.html")
def gauge(given: Score, label: str) -> dict[str, Any]:
    """A score on its scale of 0..1, with its interval."""
    if given.value is None or given.low is None or given.high is None:
        return {"score": given, "label": label}
    low, high = _along(given.low), _along(given.high)
    return {
        "score": given,
        "label": label,
        "low": f"{low:.1f}",
        "width": f"{high - low:.1f}",
        "at": _place(given.value),
    }


def _along(value: float) -> float:
    return GAUGE_MARGIN + value * (GAUGE_WIDTH - 2 * GAUGE_MARGIN)


def _place(value: float) -> str:
    return f"{_along(value):.1f}"
