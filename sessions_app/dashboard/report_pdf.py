"""The report on a patient as a PDF that a reader for the blind can read too (PDF/UA-1), made by WeasyPrint.

Nothing is fetched from anywhere: the fonts come with Undertone, and every other address is refused. The same report
gives the same bytes.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, pgettext

from sessions_app.checkpoint_labels import CheckpointLabel, labels_of
from sessions_app.dashboard.course import NO_CONSENT_FOR_ANY, own_in_words
from sessions_app.dashboard.questionnaire_panel import panels, safety_answer
from sessions_app.dashboard.report_chart import HEIGHT, LEFT, WIDTH, ReportChart, report_chart
from sessions_app.dashboard.wording import HEAD_WORDS, consent_words, policy_sentence
from sessions_app.engine_words.reasons import reason_words
from sessions_app.errors import Refused
from sessions_app.report import Report
from sessions_app.scores import NO_CONSENT

if TYPE_CHECKING:
    from weasyprint.urls import URLFetcherResponse

LIBRARIES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
"""Debian's packages of the system libraries that WeasyPrint loads."""

FONTS = {
    "undertone:sans": "vendor/source-sans-3-5.3.0/source-sans-3-latin-wght-normal.woff2",
    "undertone:sans-ext": "vendor/source-sans-3-5.3.0/source-sans-3-latin-ext-wght-normal.woff2",
    "undertone:serif": "vendor/source-serif-4-5.3.1/source-serif-4-latin-wght-normal.woff2",
    "undertone:serif-ext": "vendor/source-serif-4-5.3.1/source-serif-4-latin-ext-wght-normal.woff2",
}
"""By the name in the style sheet."""


class NoPdf(Refused):
    code = "no_pdf"
    message = gettext_noop("Reports cannot be made here, because a library is missing. Please tell who runs Undertone.")


def is_possible() -> bool:
    """Whether the libraries are there."""
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return False
    return True


def report_pdf(report: Report) -> bytes:
    """The file. Raises `NoPdf` where it cannot be made."""
    if not is_possible():
        raise NoPdf
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    class OurFontsAlone(URLFetcher):  # type: ignore[misc]  # it has no annotations
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
            return _font(url)

    # Else fontTools would write the time of day into each font, and no two files would be the same.
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    fetcher, fonts = OurFontsAlone(), FontConfiguration()
    # The fonts that come with Undertone have no arrow.
    arrow = pgettext("between two numbers", "to")
    said = render_to_string("dashboard/report.html", context_of(report)).replace("→", arrow)
    page = HTML(string=said, url_fetcher=fetcher)
    style = CSS(string=_static("css/report.css").decode(), url_fetcher=fetcher, font_config=fonts)
    made: bytes = page.write_pdf(
        stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1", pdf_identifier=str(report.patient.id).encode()
    )
    return made


def report_file_name(report: Report) -> str:
    """A name that says nothing of the patient."""
    return f"report-{str(report.patient.id)[:8]}-{timezone.localdate(report.made_at)}.pdf"


def context_of(report: Report) -> dict[str, object]:
    """What the template says."""
    zone_words = f"{timezone.localtime(report.made_at):%Z}"
    return {
        "report": report,
        "patient": report.patient,
        "clinic": report.patient.clinic,
        "zone": zone_words,
        "consent": consent_words(report.consents, timezone.localdate(report.made_at)),
        "policy": policy_sentence(report.patient.clinic),
        "heads": HEAD_WORDS,
        "no_scores": why_empty(report),
        "charts": _charts(report) if report.shown else [],
        "width": WIDTH,
        "left": LEFT,
        "height": HEIGHT,
        "own": own_in_words(report.own) if report.shown else [],
        "questionnaires": panels(report.trend.questionnaires),
        "safety": safety_answer(report.trend.questionnaires),
        "labels": _labels(report),
    }


def why_empty(report: Report) -> str | None:
    """Why no score stands in the report, or ``None``."""
    if report.shown:
        return None
    if report.hidden:
        return report.hidden
    scored = [point for point in report.trend.points if point.scores]
    reasons = {score.reason for point in scored for score in point.scores.values() if score.reason}
    if NO_CONSENT in reasons:
        return str(NO_CONSENT_FOR_ANY)
    return " ".join(sorted(map(reason_words, reasons))) or gettext("No session has been analysed yet.")


def _charts(report: Report) -> list[ReportChart]:
    return [report_chart(report.trend.points, words, report.own[words.head]) for words in HEAD_WORDS]


def _labels(report: Report) -> list[CheckpointLabel]:
    return labels_of(origin.checkpoint.name for origin in report.origins)


def _font(name: str) -> URLFetcherResponse:
    """One of our fonts. Raises ``ValueError`` for every other address."""
    from weasyprint.urls import URLFetcherResponse

    if name not in FONTS:
        raise ValueError("A report fetches nothing.")
    return URLFetcherResponse(name, _static(FONTS[name]), {"Content-Type": "font/woff2"})


@cache
def _static(name: str) -> bytes:
    return (Path(settings.BASE_DIR) / "static" / name).read_bytes()
